package org.clockwork.worker.action;

import java.util.Arrays;
import org.clockwork.device.Operation;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.Status;
import org.clockwork.worker.install.Artifact;

/**
 * One action from its arrival to the sending of its result: a pooled, mutable carrier with plain fields. Owned by the
 * worker agent; its {@link #operation} is lent to the device while it runs.
 */
public final class Action {
    /** Absence of an offset in an arena. */
    public static final int NO_ROOM = -1;

    /** Index in the pool; also the operation's name towards the device. */
    public final int slot;
    /** What the device sees of it. */
    public final Operation operation;
    /** Per request: the controller's id. */
    public final long[] requestIds;
    /** Per request: for a generated input. */
    public final long[] seeds;
    /** Per request: offset of its input in the arena, or {@link #NO_ROOM} while or where it has none. */
    public final int[] inputOffsets;
    /** Per request: whether its output is not to be returned. */
    public final boolean[] isOutputOmitted;
    /** Per request: whether its output goes by OUTPUT messages. */
    public final boolean[] isOutputBulk;
    /** Per request: whether its input is generated here. */
    public final boolean[] isGenerated;

    /** Where it is in its life. */
    public ActionState state = ActionState.FREE;
    /** Of the controller that sent it, as it goes back in the result. */
    public long epoch;
    /** Highest epoch known when it arrived: the result goes only to a controller of that epoch. */
    public long highestEpoch;
    /** Which session of this worker it belongs to. */
    public int session;
    /** The controller's id of it. */
    public long actionId;
    /** What it asks. */
    public ActionKind kind;
    /** Of the LOAD. */
    public long modelId;
    /** Which device. */
    public int deviceIndex;
    /** Batch to execute. */
    public int batchSize;
    /** Requests in it. */
    public int requestCount;
    /** Not to be started before. */
    public long earliestNs;
    /** Not to be started after. */
    public long latestNs;
    /** When it was read. */
    public long receivedNs;
    /** Order of arrival among all actions of this worker; breaks ties. */
    public long sequence;
    /** For LOAD: what to load. For INFER and PROFILE: what the model runs. */
    public Artifact artifact;
    /** Whether it is in the table of outstanding ids. */
    public boolean isListed;

    /** Inputs that have not arrived. */
    public int inputsMissing;
    /** Next request whose generated input is to be filled; {@link #requestCount} when all are. */
    public int fillRequest;
    /** Next tensor of it. */
    public int fillTensor;
    /** Next element of that. */
    public int fillElement;
    /** Offset of all its outputs in the arena, or {@link #NO_ROOM}. */
    public int outputOffset;

    /** How it ended. */
    public Status status;
    /** A sentence when it failed; never null. */
    public String detail;
    /** On its device when it ended. */
    public int freePages;
    /** Next request whose outputs are to be sent as OUTPUT messages. */
    public int sendRequest;
    /** Next tensor of it. */
    public int sendTensor;
    /** Next byte of that. */
    public int sendPosition;

    Action(final int slot, final int maxBatch) {
        this.slot = slot;
        operation = new Operation(maxBatch);
        requestIds = new long[maxBatch];
        seeds = new long[maxBatch];
        inputOffsets = new int[maxBatch];
        isOutputOmitted = new boolean[maxBatch];
        isOutputBulk = new boolean[maxBatch];
        isGenerated = new boolean[maxBatch];
        Arrays.fill(inputOffsets, NO_ROOM);
        reset();
    }

    /** Forgets everything but what is owned; inputs and outputs have been freed before. */
    void reset() {
        state = ActionState.FREE;
        artifact = null;
        isListed = false;
        requestCount = 0;
        batchSize = 0;
        inputsMissing = 0;
        fillRequest = 0;
        fillTensor = 0;
        fillElement = 0;
        outputOffset = NO_ROOM;
        status = Status.OK;
        detail = "";
        freePages = 0;
        sendRequest = 0;
        sendTensor = 0;
        sendPosition = 0;
        operation.reset();
    }

    /** Whether it runs on the load engine; else on the execution engine. */
    public boolean isLoadEngine() {
        return kind == ActionKind.LOAD || kind == ActionKind.UNLOAD;
    }

    /** Sets how it ended. */
    public Action end(final Status howItEnded, final String sentence) {
        status = howItEnded;
        detail = sentence;
        return this;
    }
}
