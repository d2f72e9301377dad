package org.clockwork.controller.model;

import java.util.List;
import org.clockwork.controller.queue.ModelQueue;
import org.clockwork.controller.session.ModelWatch;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;

/** One registered name, as every station of the controller sees it. Owned by the controller agent. */
public final class Model {
    /** Wire id: generation and {@link #index}. */
    public final long id;
    /** Slot in the catalogue: dense, so that other tables can be arrays beside it. */
    public final int index;
    /** As registered. */
    public final String name;
    /** What it runs; shared with other models over the same file. */
    public final Artifact artifact;
    /** For requests that state no SLO; {@code Protocol.NULL_NS} for none. */
    public long defaultSloNs;
    /** Where it is in its life. */
    public ModelState state;
    /** Why it failed, or OK. */
    public Status status = Status.OK;
    /** A sentence when it failed, else empty. */
    public String detail = "";
    /** Its waiting requests; owned by the scheduler. */
    public ModelQueue queue;
    /** Devices that hold it (LOAD done, no UNLOAD sent); kept by the memory mirror. */
    public int loadedOn;

    /** Sessions that are told of its new states, in the order in which they registered it; null for none. */
    public List<ModelWatch> watches;

    /** A model in its first state. */
    public Model(final long id, final int index, final String name, final Artifact artifact) {
        this.id = id;
        this.index = index;
        this.name = name;
        this.artifact = artifact;
    }

    /** Whether it takes requests. */
    public boolean isReady() {
        return state == ModelState.READY;
    }
}
