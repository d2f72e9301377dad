package org.clockwork.worker;

import static org.agrona.SystemUtil.getDurationInNanos;
import static org.agrona.SystemUtil.getSizeAsLong;

import org.clockwork.schema.Protocol;
import org.clockwork.worker.input.HostArena;
import org.clockwork.worker.install.InstallLimits;
import org.clockwork.worker.link.ControllerPublisher;

/**
 * Bounds and times of a {@link Worker}, with their defaults from system properties, in which durations and sizes are
 * text with units, such as {@code 50ms} or {@code 128m}. Owned by the launcher.
 */
public final class WorkerLimits {
    /** System property: how far ahead a window may open; further is *_TOO_EARLY. */
    public static final String PLAN_AHEAD_PROP_NAME = "clockwork.worker.plan.ahead";
    /** Default of {@link #PLAN_AHEAD_PROP_NAME}. */
    public static final long PLAN_AHEAD_DEFAULT = 10_000_000_000L;
    /** System property: actions that may wait for one engine; more are ACTION_QUEUE_FULL. */
    public static final String QUEUE_CAPACITY_PROP_NAME = "clockwork.worker.queue.capacity";
    /** Default of {@link #QUEUE_CAPACITY_PROP_NAME}. */
    public static final int QUEUE_CAPACITY_DEFAULT = 256;
    /** System property: results that may wait for the link, besides full queues; at the limit the control lane is left unread. */
    public static final String RESULT_CAPACITY_PROP_NAME = "clockwork.worker.result.capacity";
    /** Default of {@link #RESULT_CAPACITY_PROP_NAME}. */
    public static final int RESULT_CAPACITY_DEFAULT = 1024;
    /** System property: host memory for inputs. */
    public static final String INPUT_ARENA_PROP_NAME = "clockwork.worker.input.arena";
    /** Default of {@link #INPUT_ARENA_PROP_NAME}. */
    public static final long INPUT_ARENA_DEFAULT = 128L * 1024 * 1024;
    /** System property: host memory for outputs. */
    public static final String OUTPUT_ARENA_PROP_NAME = "clockwork.worker.output.arena";
    /** Default of {@link #OUTPUT_ARENA_PROP_NAME}. */
    public static final long OUTPUT_ARENA_DEFAULT = 64L * 1024 * 1024;
    /** System property: inputs that may be on their way or not asked for. */
    public static final String MAX_INPUTS_PROP_NAME = "clockwork.worker.max.inputs";
    /** Default of {@link #MAX_INPUTS_PROP_NAME}. */
    public static final int MAX_INPUTS_DEFAULT = 4096;
    /** System property: time after which an input that no INFER asks for is freed. */
    public static final String INPUT_TIMEOUT_PROP_NAME = "clockwork.worker.input.timeout";
    /** Default of {@link #INPUT_TIMEOUT_PROP_NAME}. */
    public static final long INPUT_TIMEOUT_DEFAULT = 2_000_000_000L;
    /** System property: control messages read in one cycle. */
    public static final String CONTROL_POLL_LIMIT_PROP_NAME = "clockwork.worker.control.poll.limit";
    /** Default of {@link #CONTROL_POLL_LIMIT_PROP_NAME}. */
    public static final int CONTROL_POLL_LIMIT_DEFAULT = 64;
    /** System property: bulk messages read in one cycle. */
    public static final String BULK_POLL_LIMIT_PROP_NAME = "clockwork.worker.bulk.poll.limit";
    /** Default of {@link #BULK_POLL_LIMIT_PROP_NAME}. */
    public static final int BULK_POLL_LIMIT_DEFAULT = 8;
    /** System property: oUTPUT messages sent in one cycle. */
    public static final String OUTPUTS_PER_CYCLE_PROP_NAME = "clockwork.worker.outputs.per.cycle";
    /** Default of {@link #OUTPUTS_PER_CYCLE_PROP_NAME}. */
    public static final int OUTPUTS_PER_CYCLE_DEFAULT = 16;
    /** System property: elements of generated inputs written for one device in one cycle. */
    public static final String FILL_ELEMENTS_PROP_NAME = "clockwork.worker.fill.elements";
    /** Default of {@link #FILL_ELEMENTS_PROP_NAME}. */
    public static final int FILL_ELEMENTS_DEFAULT = 16 * 1024;
    /** System property: loaded models in one INVENTORY message. */
    public static final String INVENTORY_PART_PROP_NAME = "clockwork.worker.inventory.part";
    /** Default of {@link #INVENTORY_PART_PROP_NAME}. */
    public static final int INVENTORY_PART_DEFAULT = ControllerPublisher.MAX_INVENTORY_PART;
    /** System property: how often to look after a device that can't say when it will be done. */
    public static final String DEVICE_POLL_PROP_NAME = "clockwork.worker.device.poll";
    /** Default of {@link #DEVICE_POLL_PROP_NAME}. */
    public static final long DEVICE_POLL_DEFAULT = 10_000L;
    /** System property: time from a dial to the controller's answer; it doubles with each silence, up to eight times. */
    public static final String DIAL_TIMEOUT_PROP_NAME = "clockwork.worker.dial.timeout";
    /** Default of {@link #DIAL_TIMEOUT_PROP_NAME}. */
    public static final long DIAL_TIMEOUT_DEFAULT = 500_000_000L;
    /** System property: time between two offers of HELLO to a link that is not up yet. */
    public static final String DIAL_RETRY_PROP_NAME = "clockwork.worker.dial.retry";
    /** Default of {@link #DIAL_RETRY_PROP_NAME}. */
    public static final long DIAL_RETRY_DEFAULT = 1_000_000L;
    /** System property: pause after all endpoints have failed; doubles each time, shortened by up to a half. */
    public static final String MIN_PAUSE_PROP_NAME = "clockwork.worker.min.pause";
    /** Default of {@link #MIN_PAUSE_PROP_NAME}. */
    public static final long MIN_PAUSE_DEFAULT = 20_000_000L;
    /** System property: longest such pause. */
    public static final String MAX_PAUSE_PROP_NAME = "clockwork.worker.max.pause";
    /** Default of {@link #MAX_PAUSE_PROP_NAME}. */
    public static final long MAX_PAUSE_DEFAULT = 500_000_000L;
    /** System property: time after which a draining worker leaves in any case. */
    public static final String DRAIN_LIMIT_PROP_NAME = "clockwork.worker.drain.limit";
    /** Default of {@link #DRAIN_LIMIT_PROP_NAME}. */
    public static final long DRAIN_LIMIT_DEFAULT = 5_000_000_000L;
    /** System property: time for which a drained worker keeps its link, so that its last results arrive. */
    public static final String DRAIN_LINGER_PROP_NAME = "clockwork.worker.drain.linger";
    /** Default of {@link #DRAIN_LINGER_PROP_NAME}. */
    public static final long DRAIN_LINGER_DEFAULT = 50_000_000L;
    /** System property: artifacts known at once. */
    public static final String MAX_ARTIFACTS_PROP_NAME = "clockwork.worker.max.artifacts";
    /** Default of {@link #MAX_ARTIFACTS_PROP_NAME}. */
    public static final int MAX_ARTIFACTS_DEFAULT = 16 * 1024;
    /** System property: size of one model file. */
    public static final String MAX_FILE_PROP_NAME = "clockwork.worker.max.file";
    /** Default of {@link #MAX_FILE_PROP_NAME}. */
    public static final long MAX_FILE_DEFAULT = 16L * 1024 * 1024 * 1024;
    /** System property: size of all model files together. */
    public static final String STORE_LIMIT_PROP_NAME = "clockwork.worker.store.limit";
    /** Default of {@link #STORE_LIMIT_PROP_NAME}. */
    public static final long STORE_LIMIT_DEFAULT = Long.MAX_VALUE;
    /** System property: fILE-CHUNKs that may wait for the disk; at the limit the bulk lane is left unread. */
    public static final String CHUNK_BUFFERS_PROP_NAME = "clockwork.worker.chunk.buffers";
    /** Default of {@link #CHUNK_BUFFERS_PROP_NAME}. */
    public static final int CHUNK_BUFFERS_DEFAULT = 32;
    /** System property: silence after which a file's transfer is given up. */
    public static final String TRANSFER_TIMEOUT_PROP_NAME = "clockwork.worker.transfer.timeout";
    /** Default of {@link #TRANSFER_TIMEOUT_PROP_NAME}. */
    public static final long TRANSFER_TIMEOUT_DEFAULT = 10_000_000_000L;
    /** System property: time after a session's start when artifacts that its controller has not asked for are closed. */
    public static final String UNUSED_TIMEOUT_PROP_NAME = "clockwork.worker.unused.timeout";
    /** Default of {@link #UNUSED_TIMEOUT_PROP_NAME}. */
    public static final long UNUSED_TIMEOUT_DEFAULT = 60_000_000_000L;

    private long planAheadNs = getDurationInNanos(PLAN_AHEAD_PROP_NAME, PLAN_AHEAD_DEFAULT);
    private int queueCapacity = Integer.getInteger(QUEUE_CAPACITY_PROP_NAME, QUEUE_CAPACITY_DEFAULT);
    private int resultCapacity = Integer.getInteger(RESULT_CAPACITY_PROP_NAME, RESULT_CAPACITY_DEFAULT);
    private long inputArenaBytes = getSizeAsLong(INPUT_ARENA_PROP_NAME, INPUT_ARENA_DEFAULT);
    private long outputArenaBytes = getSizeAsLong(OUTPUT_ARENA_PROP_NAME, OUTPUT_ARENA_DEFAULT);
    private int maxInputs = Integer.getInteger(MAX_INPUTS_PROP_NAME, MAX_INPUTS_DEFAULT);
    private long inputTimeoutNs = getDurationInNanos(INPUT_TIMEOUT_PROP_NAME, INPUT_TIMEOUT_DEFAULT);
    private int controlPollLimit = Integer.getInteger(CONTROL_POLL_LIMIT_PROP_NAME, CONTROL_POLL_LIMIT_DEFAULT);
    private int bulkPollLimit = Integer.getInteger(BULK_POLL_LIMIT_PROP_NAME, BULK_POLL_LIMIT_DEFAULT);
    private int outputsPerCycle = Integer.getInteger(OUTPUTS_PER_CYCLE_PROP_NAME, OUTPUTS_PER_CYCLE_DEFAULT);
    private int fillElementsPerCycle = Integer.getInteger(FILL_ELEMENTS_PROP_NAME, FILL_ELEMENTS_DEFAULT);
    private int inventoryPart = Integer.getInteger(INVENTORY_PART_PROP_NAME, INVENTORY_PART_DEFAULT);
    private long devicePollNs = getDurationInNanos(DEVICE_POLL_PROP_NAME, DEVICE_POLL_DEFAULT);
    private long dialTimeoutNs = getDurationInNanos(DIAL_TIMEOUT_PROP_NAME, DIAL_TIMEOUT_DEFAULT);
    private long dialRetryNs = getDurationInNanos(DIAL_RETRY_PROP_NAME, DIAL_RETRY_DEFAULT);
    private long minPauseNs = getDurationInNanos(MIN_PAUSE_PROP_NAME, MIN_PAUSE_DEFAULT);
    private long maxPauseNs = getDurationInNanos(MAX_PAUSE_PROP_NAME, MAX_PAUSE_DEFAULT);
    private long drainLimitNs = getDurationInNanos(DRAIN_LIMIT_PROP_NAME, DRAIN_LIMIT_DEFAULT);
    private long drainLingerNs = getDurationInNanos(DRAIN_LINGER_PROP_NAME, DRAIN_LINGER_DEFAULT);
    private int maxArtifacts = Integer.getInteger(MAX_ARTIFACTS_PROP_NAME, MAX_ARTIFACTS_DEFAULT);
    private long maxFileBytes = getSizeAsLong(MAX_FILE_PROP_NAME, MAX_FILE_DEFAULT);
    private long storeLimitBytes = getSizeAsLong(STORE_LIMIT_PROP_NAME, STORE_LIMIT_DEFAULT);
    private int chunkBuffers = Integer.getInteger(CHUNK_BUFFERS_PROP_NAME, CHUNK_BUFFERS_DEFAULT);
    private long transferTimeoutNs = getDurationInNanos(TRANSFER_TIMEOUT_PROP_NAME, TRANSFER_TIMEOUT_DEFAULT);
    private long unusedTimeoutNs = getDurationInNanos(UNUSED_TIMEOUT_PROP_NAME, UNUSED_TIMEOUT_DEFAULT);

    /** How far ahead a window may open; further is *_TOO_EARLY. */
    public WorkerLimits planAheadNs(final long value) {
        planAheadNs = value;
        return this;
    }

    /** How far ahead a window may open; further is *_TOO_EARLY. */
    public long planAheadNs() {
        return planAheadNs;
    }

    /** Actions that may wait for one engine; more are ACTION_QUEUE_FULL. */
    public WorkerLimits queueCapacity(final int value) {
        queueCapacity = value;
        return this;
    }

    /** Actions that may wait for one engine; more are ACTION_QUEUE_FULL. */
    public int queueCapacity() {
        return queueCapacity;
    }

    /** Results that may wait for the link, besides full queues; at the limit the control lane is left unread. */
    public WorkerLimits resultCapacity(final int value) {
        resultCapacity = value;
        return this;
    }

    /** Results that may wait for the link, besides full queues; at the limit the control lane is left unread. */
    public int resultCapacity() {
        return resultCapacity;
    }

    /** Host memory for inputs. */
    public WorkerLimits inputArenaBytes(final long value) {
        inputArenaBytes = value;
        return this;
    }

    /** Host memory for inputs. */
    public long inputArenaBytes() {
        return inputArenaBytes;
    }

    /** Host memory for outputs. */
    public WorkerLimits outputArenaBytes(final long value) {
        outputArenaBytes = value;
        return this;
    }

    /** Host memory for outputs. */
    public long outputArenaBytes() {
        return outputArenaBytes;
    }

    /** Inputs that may be on their way or not asked for. */
    public WorkerLimits maxInputs(final int value) {
        maxInputs = value;
        return this;
    }

    /** Inputs that may be on their way or not asked for. */
    public int maxInputs() {
        return maxInputs;
    }

    /** Time after which an input that no INFER asks for is freed. */
    public WorkerLimits inputTimeoutNs(final long value) {
        inputTimeoutNs = value;
        return this;
    }

    /** Time after which an input that no INFER asks for is freed. */
    public long inputTimeoutNs() {
        return inputTimeoutNs;
    }

    /** Control messages read in one cycle. */
    public WorkerLimits controlPollLimit(final int value) {
        controlPollLimit = value;
        return this;
    }

    /** Control messages read in one cycle. */
    public int controlPollLimit() {
        return controlPollLimit;
    }

    /** Bulk messages read in one cycle. */
    public WorkerLimits bulkPollLimit(final int value) {
        bulkPollLimit = value;
        return this;
    }

    /** Bulk messages read in one cycle. */
    public int bulkPollLimit() {
        return bulkPollLimit;
    }

    /** OUTPUT messages sent in one cycle. */
    public WorkerLimits outputsPerCycle(final int value) {
        outputsPerCycle = value;
        return this;
    }

    /** OUTPUT messages sent in one cycle. */
    public int outputsPerCycle() {
        return outputsPerCycle;
    }

    /** Elements of generated inputs written for one device in one cycle. */
    public WorkerLimits fillElementsPerCycle(final int value) {
        fillElementsPerCycle = value;
        return this;
    }

    /** Elements of generated inputs written for one device in one cycle. */
    public int fillElementsPerCycle() {
        return fillElementsPerCycle;
    }

    /** Loaded models in one INVENTORY message. */
    public WorkerLimits inventoryPart(final int value) {
        inventoryPart = value;
        return this;
    }

    /** Loaded models in one INVENTORY message. */
    public int inventoryPart() {
        return inventoryPart;
    }

    /** How often to look after a device that can't say when it will be done. */
    public WorkerLimits devicePollNs(final long value) {
        devicePollNs = value;
        return this;
    }

    /** How often to look after a device that can't say when it will be done. */
    public long devicePollNs() {
        return devicePollNs;
    }

    /** Time from a dial to the controller's answer. */
    public WorkerLimits dialTimeoutNs(final long value) {
        dialTimeoutNs = value;
        return this;
    }

    /** Time from a dial to the controller's answer. */
    public long dialTimeoutNs() {
        return dialTimeoutNs;
    }

    /** Time between two offers of HELLO to a link that is not up yet. */
    public WorkerLimits dialRetryNs(final long value) {
        dialRetryNs = value;
        return this;
    }

    /** Time between two offers of HELLO to a link that is not up yet. */
    public long dialRetryNs() {
        return dialRetryNs;
    }

    /** Pause after all endpoints have failed; doubles each time. */
    public WorkerLimits minPauseNs(final long value) {
        minPauseNs = value;
        return this;
    }

    /** Pause after all endpoints have failed; doubles each time. */
    public long minPauseNs() {
        return minPauseNs;
    }

    /** Longest such pause. */
    public WorkerLimits maxPauseNs(final long value) {
        maxPauseNs = value;
        return this;
    }

    /** Longest such pause. */
    public long maxPauseNs() {
        return maxPauseNs;
    }

    /** Time after which a draining worker leaves in any case. */
    public WorkerLimits drainLimitNs(final long value) {
        drainLimitNs = value;
        return this;
    }

    /** Time after which a draining worker leaves in any case. */
    public long drainLimitNs() {
        return drainLimitNs;
    }

    /** Time for which a drained worker keeps its link, so that its last results arrive. */
    public WorkerLimits drainLingerNs(final long value) {
        drainLingerNs = value;
        return this;
    }

    /** Time for which a drained worker keeps its link, so that its last results arrive. */
    public long drainLingerNs() {
        return drainLingerNs;
    }

    /** Artifacts known at once. */
    public WorkerLimits maxArtifacts(final int value) {
        maxArtifacts = value;
        return this;
    }

    /** Artifacts known at once. */
    public int maxArtifacts() {
        return maxArtifacts;
    }

    /** Size of one model file. */
    public WorkerLimits maxFileBytes(final long value) {
        maxFileBytes = value;
        return this;
    }

    /** Size of one model file. */
    public long maxFileBytes() {
        return maxFileBytes;
    }

    /** Size of all model files together. */
    public WorkerLimits storeLimitBytes(final long value) {
        storeLimitBytes = value;
        return this;
    }

    /** Size of all model files together. */
    public long storeLimitBytes() {
        return storeLimitBytes;
    }

    /** FILE-CHUNKs that may wait for the disk; at the limit the bulk lane is left unread. */
    public WorkerLimits chunkBuffers(final int value) {
        chunkBuffers = value;
        return this;
    }

    /** FILE-CHUNKs that may wait for the disk; at the limit the bulk lane is left unread. */
    public int chunkBuffers() {
        return chunkBuffers;
    }

    /** Silence after which a file's transfer is given up. */
    public WorkerLimits transferTimeoutNs(final long value) {
        transferTimeoutNs = value;
        return this;
    }

    /** Silence after which a file's transfer is given up. */
    public long transferTimeoutNs() {
        return transferTimeoutNs;
    }

    /** Time after a session's start when artifacts that its controller has not asked for are closed. */
    public WorkerLimits unusedTimeoutNs(final long value) {
        unusedTimeoutNs = value;
        return this;
    }

    /** Time after a session's start when artifacts that its controller has not asked for are closed. */
    public long unusedTimeoutNs() {
        return unusedTimeoutNs;
    }

    InstallLimits install() {
        return new InstallLimits(maxArtifacts, maxFileBytes, chunkBuffers, transferTimeoutNs, unusedTimeoutNs);
    }

    void check() {
        between("planAheadNs", planAheadNs, 0, 1L << 60);
        between("queueCapacity", queueCapacity, 1, 1 << 16);
        between("resultCapacity", resultCapacity, 1, 1 << 20);
        between("inputArenaBytes", inputArenaBytes, HostArena.UNIT_BYTES, Integer.MAX_VALUE - HostArena.UNIT_BYTES);
        between("outputArenaBytes", outputArenaBytes, HostArena.UNIT_BYTES, Integer.MAX_VALUE - HostArena.UNIT_BYTES);
        between("maxInputs", maxInputs, 1, 1 << 20);
        between("inputTimeoutNs", inputTimeoutNs, 1, Long.MAX_VALUE);
        between("controlPollLimit", controlPollLimit, 1, 1 << 16);
        between("bulkPollLimit", bulkPollLimit, 1, 1 << 16);
        between("outputsPerCycle", outputsPerCycle, 1, 1 << 16);
        between("fillElementsPerCycle", fillElementsPerCycle, 1, Integer.MAX_VALUE);
        between("inventoryPart", inventoryPart, 1, ControllerPublisher.MAX_INVENTORY_PART);
        between("devicePollNs", devicePollNs, 0, 1L << 60);
        between("dialTimeoutNs", dialTimeoutNs, 1, 1L << 56);
        between("dialRetryNs", dialRetryNs, 1, dialTimeoutNs);
        between("minPauseNs", minPauseNs, 1, 1L << 60);
        between("maxPauseNs", maxPauseNs, minPauseNs, 1L << 60);
        between("drainLimitNs", drainLimitNs, 0, 1L << 60);
        between("drainLingerNs", drainLingerNs, 0, drainLimitNs);
        between("maxArtifacts", maxArtifacts, 1, 1 << 20);
        between("maxFileBytes", maxFileBytes, 1, Long.MAX_VALUE);
        between("storeLimitBytes", storeLimitBytes, 0, Long.MAX_VALUE);
        between("chunkBuffers", chunkBuffers, 1, Protocol.MAX_MESSAGE_BYTES);
        between("transferTimeoutNs", transferTimeoutNs, 1, 1L << 60);
        between("unusedTimeoutNs", unusedTimeoutNs, 1, 1L << 60);
    }

    private static void between(final String name, final long value, final long least, final long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException("worker: " + name + "=" + value + ", expected " + least + " to " + most);
        }
    }
}
