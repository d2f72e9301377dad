package org.clockwork.controller.model;

import org.clockwork.controller.session.ClientSession;
import org.clockwork.controller.storage.IncomingFile;

/** A model file on its way from a client. Owned by the controller agent, but for {@link #file}. */
final class Upload {
    final long id;
    final int index;
    final ClientSession session;
    final Registration registration;
    /** Owned by the storage thread. */
    final IncomingFile file;
    long position;
    long lastChunkNs;
    /** Whether all bytes came; the storage thread has the word. */
    boolean isComplete;

    Upload(
        final long id, final int index, final ClientSession session, final Registration registration, final IncomingFile file) {
        this.id = id;
        this.index = index;
        this.session = session;
        this.registration = registration;
        this.file = file;
    }
}
