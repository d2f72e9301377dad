package org.clockwork.device.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.agrona.SystemUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.Backend;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;
import org.clockwork.device.engine.EngineContext;

/**
 * The CUDA backend: the GPUs of this machine that it is told to use. Everything is taken when it opens: context, libraries,
 * pages of weights, I/O slots and workspace.
 */
public final class CudaBackend implements Backend {
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
                devices.add(CudaDevice.open(context, devices.size(), gpu, host));
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
        source.requireFile("CUDA");
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

    /** The calling thread's calls are about a GPU that works, if there is one. */
    private void enterAny() {
        for (final Gpu gpu : gpus) {
            if (gpu.enterIfItWorks()) {
                return;
            }
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

    /** Options, each with a property {@code clockwork.cuda.OPTION} of its own; durations are text with units there. */
    public static final class Context extends EngineContext<Context> {
        /** Which GPUs, as in {@code 0,1}; or {@code all}. */
        public static final String GPUS = "gpus";
        /** What is left free on each GPU where the memory for weights is not given. */
        public static final String RESERVE = "reserve";
        /** Piece in which weights are copied: an INFER's inputs wait for two of them at most. */
        public static final String PIECE_BYTES = "piece.bytes";
        /** A GPU on which nothing happens for so long is lost. */
        public static final String WATCHDOG = "watchdog";
        /** How long a PROFILE may measure algorithms before it executes; 0: cuDNN's recommendation is taken. */
        public static final String SEARCH = "search";
        /** Whether a PROFILE captures a plan's launches into CUDA graphs, which INFERs then launch. */
        public static final String GRAPHS = "graphs";

        private static final long DEFAULT_RESERVE = 512L << 20;
        private static final int DEFAULT_PIECE_BYTES = 2 << 20;
        private static final long DEFAULT_WATCHDOG_NS = 30_000_000_000L;
        private static final long DEFAULT_SEARCH_NS = 500_000_000L;

        private String gpus = System.getProperty(property(GPUS), "all");
        private long reserveBytes = SystemUtil.getSizeAsLong(property(RESERVE), DEFAULT_RESERVE);
        private int pieceBytes = SystemUtil.getSizeAsInt(property(PIECE_BYTES), DEFAULT_PIECE_BYTES);
        private long watchdogNs = SystemUtil.getDurationInNanos(property(WATCHDOG), DEFAULT_WATCHDOG_NS);
        private long searchNs = SystemUtil.getDurationInNanos(property(SEARCH), DEFAULT_SEARCH_NS);
        private boolean hasGraphs = Boolean.getBoolean(property(GRAPHS));
        private boolean isEmulated;

        /** What the properties say; memory for weights is what is free, less a reserve, where none is given. */
        public Context() {
            super("cuda", 0);
        }

        @Override
        protected Context self() {
            return this;
        }

        @Override
        protected void check() {
            require(pieceBytes >= 1, PIECE_BYTES, pieceBytes, "is less than 1");
            require(gpus.equals("all") || gpus.matches("\\d{1,3}(,\\d{1,3})*"), GPUS, gpus,
                "is neither all nor numbers with commas");
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
                require(ordinal < present, GPUS, gpus, "names more than this machine has: " + present);
            }
            return wanted;
        }

        /** Which GPUs, as in {@code 0,1}; or {@code all}. */
        public Context gpus(final String which) {
            gpus = which;
            return this;
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

        /** How long a PROFILE may measure algorithms before it executes; what is left is for the next one. */
        public Context searchNs(final long ns) {
            searchNs = ns;
            return this;
        }

        /** How long a PROFILE may measure algorithms before it executes. */
        public long searchNs() {
            return searchNs;
        }

        /** Whether a PROFILE captures a plan's launches into CUDA graphs, which INFERs then launch. */
        public Context graphs(final boolean areUsed) {
            hasGraphs = areUsed;
            return this;
        }

        /** Whether plans are captured into CUDA graphs. */
        public boolean graphs() {
            return hasGraphs;
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
    }
}
