package org.clockwork.device.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.agrona.ErrorHandler;
import org.agrona.MutableDirectBuffer;
import org.agrona.SystemUtil;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.Backend;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;
import org.clockwork.device.ModelSource;

/**
 * The CUDA backend: the GPUs of this machine that it is told to use. Everything is taken when it opens: context, libraries,
 * pages of weights, I/O slots and workspace.
 */
public final class CudaBackend implements Backend {
    private static final Pattern KEY = Pattern.compile("[0-9A-Za-z._-]{1,200}");

    private final Context context;
    private final HostMemory host = new HostMemory();
    private final List<Gpu> gpus = new ArrayList<>();
    private final List<CudaDevice> devices = new ArrayList<>();
    private final List<Long> hostBuffers = new ArrayList<>();
    private final List<CudaModel> models = new ArrayList<>();
    private final ModelMaker maker;
    private boolean isClosed;

    /**
     * Takes all memory and starts the engines.
     *
     * @throws UnsupportedOperationException with a sentence when there is no driver, no library, or no GPU.
     */
    public CudaBackend(final Context context) {
        context.conclude();
        this.context = context;
        final int present = Driver.open();
        try {
            Files.createDirectories(context.cacheDirectory());
            for (final int ordinal : context.gpus(present)) {
                gpus.add(new Gpu(ordinal, context, host));
            }
            for (final Gpu gpu : gpus) {
                gpu.enter();
                devices.add(new CudaDevice(context, devices.size(), gpu, host));
            }
        } catch (final CudaException e) {
            close();
            throw new IllegalStateException("GPU " + gpus.size() + " can't be used: " + e.getMessage(), e);
        } catch (final IOException e) {
            throw new IllegalStateException("cacheDirectory=" + context.cacheDirectory() + " can't be written: " + e, e);
        } catch (final RuntimeException e) {
            close();
            throw e;
        }
        maker = new ModelMaker(gpus, host, context);
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public boolean isEmulated() {
        return context.isEmulated();
    }

    @Override
    public boolean isComputing() {
        return true;
    }

    @Override
    public List<Device> devices() {
        return List.copyOf(devices);
    }

    @Override
    public CompiledModel compile(final ModelSource source) throws ModelException {
        if (source.file() == null) {
            throw source.profileName() == null
                ? new ModelException(Reason.INVALID_FILE, "There is no model file.")
                : new ModelException(Reason.UNKNOWN_PROFILE, "The CUDA device takes no profiles: " + source.profileName());
        }
        if (!KEY.matcher(source.key()).matches()) {
            throw new ModelException(Reason.COMPILE_FAILED, "Not a key: " + source.key());
        }
        try {
            gpus.get(0).enter();
        } catch (final CudaException e) {
            throw new ModelException(Reason.COMPILE_FAILED, "The GPU can't be used: " + e.getMessage(), e);
        }
        final CudaModel model = maker.make(source, this::forget);
        synchronized (models) {
            models.add(model);
        }
        return model;
    }

    private void forget(final CudaModel model) {
        synchronized (models) {
            models.remove(model);
        }
        enterAny();
    }

    private void enterAny() {
        try {
            if (!gpus.isEmpty()) {
                gpus.get(0).enter();
            }
        } catch (final CudaException e) {
            context.errorHandler().onError(e);
        }
    }

    @Override
    public MutableDirectBuffer allocateHost(final long bytes) {
        if (bytes < 1 || bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a host buffer has 1 byte to 2 GiB: bytes=" + bytes);
        }
        enterAny();
        try {
            final long address = host.allocate(bytes);
            synchronized (hostBuffers) {
                hostBuffers.add(address);
            }
            return new UnsafeBuffer(address, (int) bytes);
        } catch (final CudaException e) {
            throw new IllegalStateException("there is no pinned memory: bytes=" + bytes + ' ' + e.getMessage(), e);
        }
    }

    /** Bytes of pinned memory in use, for tests and counters. */
    long hostBytes() {
        return host.bytes();
    }

    /** Closes the devices, then the models that are still open, then frees all memory. Idempotent. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        devices.forEach(CudaDevice::close);
        final List<CudaModel> open;
        synchronized (models) {
            open = List.copyOf(models);
        }
        open.forEach(CudaModel::close);
        enterAny();
        synchronized (hostBuffers) {
            for (final long address : hostBuffers) {
                try {
                    host.free(address);
                } catch (final CudaException e) {
                    context.errorHandler().onError(e);
                }
            }
            hostBuffers.clear();
        }
        for (int i = gpus.size() - 1; i >= 0; i--) {
            gpus.get(i).close();
        }
    }

    /** Options, each with a property of its own; durations and sizes are text with units there. */
    public static final class Context {
        /** Which GPUs, as in {@code 0,1}; or {@code all}. */
        public static final String GPUS_PROP_NAME = "clockwork.cuda.gpus";
        /** Memory for weights on each GPU, as in {@code 10g}; 0 for what is free, less a reserve. */
        public static final String MEMORY_PROP_NAME = "clockwork.cuda.memory";
        /** What is left free on each GPU where the memory for weights is not given. */
        public static final String RESERVE_PROP_NAME = "clockwork.cuda.reserve";
        /** Directory for what was found out about models. */
        public static final String CACHE_DIRECTORY_PROP_NAME = "clockwork.cuda.cache.dir";
        /** Largest batch. */
        public static final String MAX_BATCH_PROP_NAME = "clockwork.cuda.max.batch";
        /** Memory for the inputs of one batch; there are two of them. */
        public static final String INPUT_BYTES_PROP_NAME = "clockwork.cuda.input.bytes";
        /** Memory for the outputs of one batch; there are two of them. */
        public static final String OUTPUT_BYTES_PROP_NAME = "clockwork.cuda.output.bytes";
        /** Memory for what is between the steps of one batch. */
        public static final String WORKSPACE_BYTES_PROP_NAME = "clockwork.cuda.workspace.bytes";
        /** Largest model file. */
        public static final String MAX_FILE_BYTES_PROP_NAME = "clockwork.cuda.max.file.bytes";
        /** Piece in which weights are copied: an INFER's inputs wait for two of them at most. */
        public static final String PIECE_BYTES_PROP_NAME = "clockwork.cuda.piece.bytes";
        /** A GPU on which nothing happens for so long is lost. */
        public static final String WATCHDOG_PROP_NAME = "clockwork.cuda.watchdog";

        private static final long DEFAULT_RESERVE = 512L << 20;
        private static final int DEFAULT_MAX_BATCH = 16;
        private static final int DEFAULT_IO_BYTES = 16 << 20;
        private static final long DEFAULT_WORKSPACE_BYTES = 512L << 20;
        private static final int DEFAULT_PIECE_BYTES = 2 << 20;
        private static final long DEFAULT_WATCHDOG_NS = 30_000_000_000L;
        private static final int LARGEST_BATCH = 1024;

        private String gpus = System.getProperty(GPUS_PROP_NAME, "all");
        private long memoryBytes = SystemUtil.getSizeAsLong(MEMORY_PROP_NAME, 0);
        private long reserveBytes = SystemUtil.getSizeAsLong(RESERVE_PROP_NAME, DEFAULT_RESERVE);
        private Path cacheDirectory = Path.of(System.getProperty(CACHE_DIRECTORY_PROP_NAME,
            Path.of(System.getProperty("java.io.tmpdir"), "clockwork-cuda-" + System.getProperty("user.name")).toString()));
        private int maxBatch = Integer.getInteger(MAX_BATCH_PROP_NAME, DEFAULT_MAX_BATCH);
        private int inputBytes = SystemUtil.getSizeAsInt(INPUT_BYTES_PROP_NAME, DEFAULT_IO_BYTES);
        private int outputBytes = SystemUtil.getSizeAsInt(OUTPUT_BYTES_PROP_NAME, DEFAULT_IO_BYTES);
        private long workspaceBytes = SystemUtil.getSizeAsLong(WORKSPACE_BYTES_PROP_NAME, DEFAULT_WORKSPACE_BYTES);
        private long maxFileBytes = SystemUtil.getSizeAsLong(MAX_FILE_BYTES_PROP_NAME, Integer.MAX_VALUE);
        private int pieceBytes = SystemUtil.getSizeAsInt(PIECE_BYTES_PROP_NAME, DEFAULT_PIECE_BYTES);
        private long watchdogNs = SystemUtil.getDurationInNanos(WATCHDOG_PROP_NAME, DEFAULT_WATCHDOG_NS);
        private boolean isEmulated;
        private NanoClock clock = SystemNanoClock.INSTANCE;
        private Supplier<IdleStrategy> idleStrategy = () -> null;
        private ErrorHandler errorHandler = Throwable::printStackTrace;
        private boolean isConcluded;

        /** Checks the options against each other; once. */
        public void conclude() {
            if (isConcluded) {
                throw new IllegalStateException("this context was concluded before");
            }
            if (memoryBytes != 0 && memoryBytes < Device.PAGE_BYTES) {
                throw new IllegalArgumentException(
                    MEMORY_PROP_NAME + '=' + memoryBytes + " is less than a page of " + Device.PAGE_BYTES);
            }
            if (maxBatch < 1 || maxBatch > LARGEST_BATCH) {
                throw new IllegalArgumentException(MAX_BATCH_PROP_NAME + '=' + maxBatch + " is not in 1.." + LARGEST_BATCH);
            }
            if (inputBytes < 1 || outputBytes < 1 || workspaceBytes < 1 || pieceBytes < 1) {
                throw new IllegalArgumentException(INPUT_BYTES_PROP_NAME + '=' + inputBytes + ' ' + OUTPUT_BYTES_PROP_NAME + '='
                    + outputBytes + ' ' + WORKSPACE_BYTES_PROP_NAME + '=' + workspaceBytes + ' ' + PIECE_BYTES_PROP_NAME + '='
                    + pieceBytes + ": all are at least 1");
            }
            if (maxFileBytes < 1 || maxFileBytes > Integer.MAX_VALUE) {
                throw new IllegalArgumentException(MAX_FILE_BYTES_PROP_NAME + '=' + maxFileBytes + " is not in 1..2 GiB");
            }
            if (!gpus.equals("all") && !gpus.matches("\\d{1,3}(,\\d{1,3})*")) {
                throw new IllegalArgumentException(GPUS_PROP_NAME + '=' + gpus + " is neither all nor numbers with commas");
            }
            isConcluded = true;
        }

        /** The ordinals to use, of so many GPUs. */
        int[] gpus(final int present) {
            final int[] ordinals = new int[present];
            Arrays.setAll(ordinals, i -> i);
            if (gpus.equals("all")) {
                return ordinals;
            }
            final int[] wanted = Arrays.stream(gpus.split(",")).mapToInt(Integer::parseInt).distinct().toArray();
            for (final int ordinal : wanted) {
                if (ordinal >= present) {
                    throw new IllegalArgumentException(GPUS_PROP_NAME + '=' + gpus + ": this machine has " + present);
                }
            }
            return wanted;
        }

        /** Which GPUs, as in {@code 0,1}; or {@code all}. */
        public Context gpus(final String which) {
            gpus = which;
            return this;
        }

        /** Memory for weights on each GPU in bytes; 0 for what is free, less a reserve. */
        public Context memoryBytes(final long bytes) {
            memoryBytes = bytes;
            return this;
        }

        /** Memory for weights on each GPU. */
        public long memoryBytes() {
            return memoryBytes;
        }

        /** What is left free on each GPU where the memory for weights is not given. */
        public Context reserveBytes(final long bytes) {
            reserveBytes = bytes;
            return this;
        }

        /** What is left free. */
        public long reserveBytes() {
            return reserveBytes;
        }

        /** Directory for what was found out about models; kept from start to start. */
        public Context cacheDirectory(final Path directory) {
            cacheDirectory = directory;
            return this;
        }

        /** Directory for what was found out about models. */
        public Path cacheDirectory() {
            return cacheDirectory;
        }

        /** Largest batch. */
        public Context maxBatch(final int batch) {
            maxBatch = batch;
            return this;
        }

        /** Largest batch. */
        public int maxBatch() {
            return maxBatch;
        }

        /** Memory for the inputs of one batch; a model's largest batch is what fits. */
        public Context inputBytes(final int bytes) {
            inputBytes = bytes;
            return this;
        }

        /** Memory for the inputs of one batch. */
        public int inputBytes() {
            return inputBytes;
        }

        /** Memory for the outputs of one batch; a model's largest batch is what fits. */
        public Context outputBytes(final int bytes) {
            outputBytes = bytes;
            return this;
        }

        /** Memory for the outputs of one batch. */
        public int outputBytes() {
            return outputBytes;
        }

        /** Memory between the steps, for all models together as one executes at a time. */
        public Context workspaceBytes(final long bytes) {
            workspaceBytes = bytes;
            return this;
        }

        /** Memory between the steps. */
        public long workspaceBytes() {
            return workspaceBytes;
        }

        /** Largest model file in bytes, at most 2 GiB. */
        public Context maxFileBytes(final long bytes) {
            maxFileBytes = bytes;
            return this;
        }

        /** Largest model file in bytes. */
        public long maxFileBytes() {
            return maxFileBytes;
        }

        /** Piece in which weights are copied. */
        public Context pieceBytes(final int bytes) {
            pieceBytes = bytes;
            return this;
        }

        /** Piece in which weights are copied. */
        public int pieceBytes() {
            return pieceBytes;
        }

        /** A GPU on which nothing happens for so long is lost. */
        public Context watchdogNs(final long ns) {
            watchdogNs = ns;
            return this;
        }

        /** A GPU on which nothing happens for so long is lost. */
        public long watchdogNs() {
            return watchdogNs;
        }

        /** Whether the driver is a stand-in: wherever its figures appear, they are named so. */
        public Context emulated(final boolean isStandIn) {
            isEmulated = isStandIn;
            return this;
        }

        /** Whether the driver is a stand-in. */
        public boolean isEmulated() {
            return isEmulated;
        }

        /** Clock of all stamps and of the last check of a window: the worker's. */
        public Context clock(final NanoClock newClock) {
            clock = newClock;
            return this;
        }

        /** Clock of all stamps. */
        public NanoClock clock() {
            return clock;
        }

        /**
         * How the engines' threads wait. By default they sleep until the agent rings, and look at events every few
         * microseconds while work is under way; a busy spinning strategy suits engines with a core each.
         */
        public Context idleStrategy(final Supplier<IdleStrategy> supplier) {
            idleStrategy = supplier;
            return this;
        }

        /** A strategy for one engine; null for the default. */
        IdleStrategy newIdleStrategy() {
            return idleStrategy.get();
        }

        /** Told what goes wrong where no operation can say it: while closing. */
        public Context errorHandler(final ErrorHandler handler) {
            errorHandler = handler;
            return this;
        }

        /** Told what goes wrong where no operation can say it. */
        public ErrorHandler errorHandler() {
            return errorHandler;
        }
    }
}
