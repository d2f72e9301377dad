package org.clockwork.controller.session;

import org.clockwork.controller.model.Model;

/** One session's wish to be told of one model's new states, until it can take requests or never will. */
public final class ModelWatch {
    final ClientSession session;
    final Model model;
    /** Of the registration. */
    long correlationId;
    /** Whether it waits in the session's queue. */
    boolean isDue;

    ModelWatch(final ClientSession session, final Model model) {
        this.session = session;
        this.model = model;
    }
}
