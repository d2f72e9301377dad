package org.clockwork.controller.request;

import org.clockwork.controller.action.Action;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.schema.Ids;
import org.clockwork.schema.codec.Status;

/**
 * One slot of the request table: a pooled, mutable carrier with plain fields that each station reads and writes. It
 * holds no payload. Owned by the controller agent.
 */
public final class Request {
    /** Absence of another request in links. */
    public static final int NONE = -1;

    /** Position in the table. */
    public final int index;
    /** Grows with each use of the slot. */
    public int generation;
    /** Where it is. */
    public RequestState state = RequestState.FREE;

    /** Its client; a closed one gets no response. */
    public ClientSession session;
    /** The client's id of it. */
    public long clientId;
    /** What it asks for. */
    public Model model;
    /** When it was read. */
    public long arrivalNs;
    /** Order of arrival: breaks ties. */
    public long sequence;
    /** Whether it has a deadline. */
    public boolean hasDeadline;
    /** Latest time at which its response leaves here, if it has a deadline. */
    public long deadlineNs;
    /** As the client gave it. */
    public int priority;
    /** Whether the worker makes up its input. */
    public boolean isGenerated;
    /** Whether its output is not returned. */
    public boolean omitsOutput;
    /** For a generated input. */
    public long seed;
    /** Its client took it back; it ends as soon as nothing runs it. */
    public boolean isCancelled;

    /** Bytes of all its input tensors; 0 if generated. */
    public int inputBytes;
    /** Of them, those that have arrived. */
    public int inputReceived;
    /** Whether its input goes to the worker inside the INFER; else on the bulk lane. */
    public boolean isInline;
    /** Block of the arena that holds them, or {@link #NONE}. */
    public int inputBlock = NONE;

    /** Tree of its queue: earlier deadlines. */
    public int left;
    /** Tree of its queue: later deadlines. */
    public int right;
    /** Next earlier one in its queue. */
    public int previous;
    /** Next later one in its queue. */
    public int next;

    /** That it is in, if any. */
    public Action action;
    /** Times that it was started and came back. */
    public int attempts;
    /** Why it came back, if it did: what it ends with if no time is left to start it again; else null. */
    public Status failure;

    /** Worker whose outputs are awaited, in that state only. */
    public WorkerState outputWorker;
    /** Bytes of all its output tensors by its result; {@link #NONE} before that. */
    public int outputBytes;
    /** Of them, those that were relayed. */
    public int outputReceived;
    /** Requests that ran together with it. */
    public int batchSize;
    /** Whether its model had to be loaded after it arrived. */
    public boolean isCold;
    /** Whether it ran on an emulation. */
    public boolean isEmulated;
    /** Arrival to copy-in without loading. */
    public long queueNs;
    /** Part of the wait in which the model was being loaded. */
    public long loadNs;
    /** Input to the device. */
    public long copyInNs;
    /** On the device. */
    public long executeNs;
    /** Output from the device. */
    public long copyOutNs;
    /** On the way to the worker and back. */
    public long networkNs;

    Request(final int index) {
        this.index = index;
    }

    /** Wire id towards workers. */
    public long id() {
        return Ids.id(generation, index);
    }

    /** Whether a client is there to be told. */
    public boolean hasClient() {
        return !session.isClosed;
    }

    void reset() {
        session = null;
        model = null;
        action = null;
        hasDeadline = false;
        deadlineNs = 0;
        priority = 0;
        isGenerated = false;
        omitsOutput = false;
        isCancelled = false;
        seed = 0;
        inputBytes = 0;
        inputReceived = 0;
        inputBlock = NONE;
        attempts = 0;
        failure = null;
        outputWorker = null;
        outputBytes = NONE;
        outputReceived = 0;
        batchSize = 0;
        isCold = false;
        isEmulated = false;
        queueNs = 0;
        loadNs = 0;
        copyInNs = 0;
        executeNs = 0;
        copyOutNs = 0;
        networkNs = 0;
    }
}
