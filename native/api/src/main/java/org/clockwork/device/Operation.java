package org.clockwork.device;

import java.util.Arrays;
import org.agrona.MutableDirectBuffer;

/**
 * One LOAD, UNLOAD or INFER on its way through a device: a pooled, mutable carrier with plain fields. It belongs to the
 * worker agent, and to the device between {@link Device#start} and the completion.
 */
public final class Operation {
    /** What to do. */
    public enum Kind {
        /** Copy weights from host memory into pages. */
        LOAD,
        /** Give the pages of a model back. */
        UNLOAD,
        /** Copy in, execute, copy out. */
        INFER
    }

    /** Absence of a stamp. */
    public static final long NOT_REACHED = Long.MIN_VALUE;

    /** What to do. */
    public Kind kind;
    /** The caller's name for it; the device does not look at it. */
    public long actionId;
    /** Names the loaded copy: given by LOAD, found again by UNLOAD and INFER. Several may share one compiled model. */
    public long modelId;
    /** For LOAD: what to load. */
    public CompiledModel model;
    /** For INFER: the batch to execute. */
    public int batchSize;
    /** For INFER: it is run to be measured: the device may first find out how it computes such a batch best. */
    public boolean isProfile;
    /** For INFER: requests in the batch, at most {@link #batchSize}; the rest is padding. */
    public int requestCount;
    /** For INFER: per request, its input tensors one after the other. */
    public final MutableDirectBuffer[] inputs;
    /** For INFER: offset in {@link #inputs}. */
    public final int[] inputOffsets;
    /** For INFER: per request, room for its output tensors one after the other; null where none are wanted. */
    public final MutableDirectBuffer[] outputs;
    /** For INFER: offset in {@link #outputs}. */
    public final int[] outputOffsets;
    /** Not to be started after this; the engine checks it a last time just before it starts. */
    public long latestNs;

    /** How it ended. */
    public DeviceStatus status;
    /** A sentence when it failed, else null. */
    public String detail;
    /** Start of the first phase. */
    public long startNs;
    /** Duration of copy-in. */
    public long copyInNs;
    /** Start of the execution, or of the load or unload. */
    public long executeStartNs;
    /** Duration of the execution, or of the whole load or unload. */
    public long executeNs;
    /** Duration of copy-out. */
    public long copyOutNs;
    /** End of the last phase. */
    public long endNs;

    /** An operation for batches of up to {@code maxBatch} requests. */
    public Operation(final int maxBatch) {
        inputs = new MutableDirectBuffer[maxBatch];
        inputOffsets = new int[maxBatch];
        outputs = new MutableDirectBuffer[maxBatch];
        outputOffsets = new int[maxBatch];
        reset();
    }

    /** Forgets everything, so that it can be used again. */
    public void reset() {
        kind = null;
        actionId = 0;
        modelId = 0;
        model = null;
        batchSize = 0;
        isProfile = false;
        Arrays.fill(inputs, 0, requestCount, null);
        Arrays.fill(outputs, 0, requestCount, null);
        requestCount = 0;
        latestNs = Long.MAX_VALUE;
        clearResults();
    }

    /** Forgets the results only. */
    public void clearResults() {
        status = null;
        detail = null;
        startNs = NOT_REACHED;
        copyInNs = 0;
        executeStartNs = NOT_REACHED;
        executeNs = 0;
        copyOutNs = 0;
        endNs = NOT_REACHED;
    }
}
