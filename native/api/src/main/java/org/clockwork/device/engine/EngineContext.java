package org.clockwork.device.engine;

import java.nio.file.Path;
import java.util.function.Supplier;
import org.agrona.ErrorHandler;
import org.agrona.SystemUtil;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.clockwork.device.Device;

/**
 * Options of a backend whose devices have engines, each with a property {@code clockwork.DEVICE.OPTION} of its own; sizes
 * are text with units there.
 *
 * @param <C> the context itself.
 */
public abstract class EngineContext<C extends EngineContext<C>> {
    /** Memory for weights of each device. */
    public static final String MEMORY = "memory";
    /** Directory for compiled models. */
    public static final String CACHE_DIRECTORY = "cache.dir";
    /** Largest batch. */
    public static final String MAX_BATCH = "max.batch";
    /** Memory for the inputs of one batch. */
    public static final String INPUT_BYTES = "input.bytes";
    /** Memory for the outputs of one batch. */
    public static final String OUTPUT_BYTES = "output.bytes";
    /** Memory for what is between the steps of one batch. */
    public static final String WORKSPACE_BYTES = "workspace.bytes";
    /** Largest model file. */
    public static final String MAX_FILE_BYTES = "max.file.bytes";

    private static final int DEFAULT_MAX_BATCH = 16;
    private static final int DEFAULT_IO_BYTES = 16 << 20;
    private static final long DEFAULT_WORKSPACE_BYTES = 512L << 20;
    private static final int LARGEST_BATCH = 1024;

    private final String device;
    private final long defaultMemoryBytes;
    private long memoryBytes;
    private Path cacheDirectory;
    private int maxBatch;
    private int inputBytes;
    private int outputBytes;
    private long workspaceBytes;
    private long maxFileBytes;
    private NanoClock clock = SystemNanoClock.INSTANCE;
    private Supplier<IdleStrategy> idleStrategy = () -> null;
    private ErrorHandler errorHandler = Throwable::printStackTrace;
    private boolean isConcluded;

    /**
     * What the properties say.
     *
     * @param device             kind of device in the names of its properties.
     * @param defaultMemoryBytes where no property says another; 0 if the backend finds that out.
     */
    protected EngineContext(final String device, final long defaultMemoryBytes) {
        this.device = device;
        this.defaultMemoryBytes = defaultMemoryBytes;
        memoryBytes = SystemUtil.getSizeAsLong(property(MEMORY), defaultMemoryBytes);
        cacheDirectory = Path.of(System.getProperty(property(CACHE_DIRECTORY), Path.of(System.getProperty("java.io.tmpdir"),
            "clockwork-" + device + '-' + System.getProperty("user.name")).toString()));
        maxBatch = Integer.getInteger(property(MAX_BATCH), DEFAULT_MAX_BATCH);
        inputBytes = SystemUtil.getSizeAsInt(property(INPUT_BYTES), DEFAULT_IO_BYTES);
        outputBytes = SystemUtil.getSizeAsInt(property(OUTPUT_BYTES), DEFAULT_IO_BYTES);
        workspaceBytes = SystemUtil.getSizeAsLong(property(WORKSPACE_BYTES), DEFAULT_WORKSPACE_BYTES);
        maxFileBytes = SystemUtil.getSizeAsLong(property(MAX_FILE_BYTES), Integer.MAX_VALUE);
    }

    /** Name of an option's property. */
    public final String property(final String option) {
        return "clockwork." + device + '.' + option;
    }

    /** This. */
    protected abstract C self();

    /** Checks the options that a device has beyond these. */
    protected abstract void check();

    /** Checks the options against each other; once. */
    public final void conclude() {
        if (isConcluded) {
            throw new IllegalStateException("this context was concluded before");
        }
        require(memoryBytes >= Device.PAGE_BYTES || memoryBytes == 0 && defaultMemoryBytes == 0, MEMORY, memoryBytes,
            "is less than a page of " + Device.PAGE_BYTES);
        require(memoryBytes / Device.PAGE_BYTES <= Integer.MAX_VALUE, MEMORY, memoryBytes, "is too much");
        require(maxBatch >= 1 && maxBatch <= LARGEST_BATCH, MAX_BATCH, maxBatch, "is not in 1.." + LARGEST_BATCH);
        require(inputBytes >= 1, INPUT_BYTES, inputBytes, "is less than 1");
        require(outputBytes >= 1, OUTPUT_BYTES, outputBytes, "is less than 1");
        require(workspaceBytes >= 1, WORKSPACE_BYTES, workspaceBytes, "is less than 1");
        require(maxFileBytes >= 1 && maxFileBytes <= Integer.MAX_VALUE, MAX_FILE_BYTES, maxFileBytes, "is not in 1..2 GiB");
        check();
        isConcluded = true;
    }

    /** Refuses an option's value with a reason. */
    protected final void require(final boolean isRight, final String option, final Object value, final String otherwise) {
        if (!isRight) {
            throw new IllegalArgumentException(property(option) + '=' + value + ' ' + otherwise);
        }
    }

    /** Memory for weights of each device in bytes; whole pages of it are used. */
    public final C memoryBytes(final long bytes) {
        memoryBytes = bytes;
        return self();
    }

    /** Memory for weights of each device in bytes. */
    public final long memoryBytes() {
        return memoryBytes;
    }

    /** Directory for compiled models; kept from start to start. */
    public final C cacheDirectory(final Path directory) {
        cacheDirectory = directory;
        return self();
    }

    /** Directory for compiled models. */
    public final Path cacheDirectory() {
        return cacheDirectory;
    }

    /** Largest batch. */
    public final C maxBatch(final int batch) {
        maxBatch = batch;
        return self();
    }

    /** Largest batch. */
    public final int maxBatch() {
        return maxBatch;
    }

    /** Memory for the inputs of one batch; a model's largest batch is what fits. */
    public final C inputBytes(final int bytes) {
        inputBytes = bytes;
        return self();
    }

    /** Memory for the inputs of one batch. */
    public final int inputBytes() {
        return inputBytes;
    }

    /** Memory for the outputs of one batch; a model's largest batch is what fits. */
    public final C outputBytes(final int bytes) {
        outputBytes = bytes;
        return self();
    }

    /** Memory for the outputs of one batch. */
    public final int outputBytes() {
        return outputBytes;
    }

    /** Most memory for activations, for all models together as one executes at a time. */
    public final C workspaceBytes(final long bytes) {
        workspaceBytes = bytes;
        return self();
    }

    /** Most memory for activations. */
    public final long workspaceBytes() {
        return workspaceBytes;
    }

    /** Largest model file in bytes, at most 2 GiB. */
    public final C maxFileBytes(final long bytes) {
        maxFileBytes = bytes;
        return self();
    }

    /** Largest model file in bytes. */
    public final long maxFileBytes() {
        return maxFileBytes;
    }

    /** Clock of all stamps and of the last check of a window: the worker's. */
    public final C clock(final NanoClock newClock) {
        clock = newClock;
        return self();
    }

    /** Clock of all stamps. */
    public final NanoClock clock() {
        return clock;
    }

    /**
     * How the engines' threads wait. By default they sleep until the agent rings, and for a few microseconds at a time while
     * work is under way, which suits few cores; a busy spinning strategy suits engines with a core each.
     */
    public final C idleStrategy(final Supplier<IdleStrategy> supplier) {
        idleStrategy = supplier;
        return self();
    }

    /** A strategy for one engine; null for the default. */
    public final IdleStrategy newIdleStrategy() {
        return idleStrategy.get();
    }

    /** Told what goes wrong where no operation can say it: while closing. */
    public final C errorHandler(final ErrorHandler handler) {
        errorHandler = handler;
        return self();
    }

    /** Told what goes wrong where no operation can say it. */
    public final ErrorHandler errorHandler() {
        return errorHandler;
    }
}
