package org.clockwork.device.cpu;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.agrona.MutableDirectBuffer;
import org.agrona.SystemUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.Backend;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;
import org.clockwork.device.ModelOptions;
import org.clockwork.device.ModelSource;
import org.clockwork.device.engine.EngineContext;
import org.clockwork.device.engine.IoLayout;
import org.clockwork.onednn.OneDnn;

/**
 * The CPU backend: one device. Plans on oneDNN run the models that they cover, ONNX Runtime all others. Needs 64-bit Linux.
 * Its memory is what {@link #statedMemory} states: pages of weights, I/O slot, a workspace for either, and compiled models
 * in host memory up to a limit, with one session of ONNX Runtime each; where one of these is loaded under several names at
 * once, each further copy takes 1 to 3 MB for its graph beside them. Compiling takes more, for a while.
 */
public final class CpuBackend implements Backend {
    private static final String SUFFIX = ".cpu";
    private static final int MIB = 1 << 20;
    private static final String RUNTIME = "onnxruntime: ";

    private final Context context;
    private final NativeMemory memory;
    private final OrtRuntime runtime;
    private final ModelCompiler compiler;
    private final Workspace workspace;
    private final PlanMaker planMaker;
    private final String noPlans;
    private long planWorkspace;
    private final IoSlot slot;
    private final PageMemory pageMemory;
    private final CpuDevice device;
    private final List<long[]> hostBuffers = new ArrayList<>();
    private final List<CpuModel> models = new ArrayList<>();
    private boolean isClosed;

    /** Takes all memory and starts the engines. */
    public CpuBackend(final Context context) {
        context.conclude();
        this.context = context;
        memory = new NativeMemory(Posix.bind());
        try {
            final Path folder = Files.createDirectories(context.cacheDirectory()).toRealPath();
            runtime = new OrtRuntime(memory);
            compiler = new ModelCompiler(runtime, memory, folder, context.maxFileBytes(), context.inputBytes());
            compiler.clearLeftovers();
        } catch (final IOException e) {
            throw new IllegalStateException("cacheDirectory=" + context.cacheDirectory() + " can't be written: " + e, e);
        }
        workspace = new Workspace(runtime.version(), (int) context.workspaceBytes());
        pageMemory = new PageMemory(memory, (int) (context.memoryBytes() / Device.PAGE_BYTES));
        slot = new IoSlot(memory, context.inputBytes(), context.outputBytes());
        device = CpuDevice.open(context, pageMemory);
        OneDnn library = null;
        String why = context.property(Context.ENGINE) + '=' + context.engine();
        if (context.engine() != Engines.ONNXRUNTIME) {
            try {
                library = OneDnn.load();
            } catch (final UnsupportedOperationException e) {
                why = e.getMessage();
            }
        }
        noPlans = why;
        planMaker = library == null ? null : planMaker(library);
    }

    private PlanMaker planMaker(final OneDnn library) {
        planWorkspace = memory.reserve(NativeMemory.Tag.WORKSPACE, context.workspaceBytes(), Posix.PROT_READ | Posix.PROT_WRITE);
        return new PlanMaker(library, runtime, memory, slot, planWorkspace, context, context.cacheDirectory());
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public boolean isEmulated() {
        return false;
    }

    @Override
    public List<Device> devices() {
        return List.of(device);
    }

    @Override
    public CompiledModel compile(final ModelSource source) throws ModelException {
        source.requireFile("CPU");
        final Path file = context.cacheDirectory().resolve(source.key() + SUFFIX);
        ArtifactFile.Content content = ArtifactFile.read(file, compiler.environment(), source.maxBatch());
        if (content == null) {
            compiler.compile(source, file);
            content = ArtifactFile.read(file, compiler.environment(), source.maxBatch());
        }
        if (content == null) {
            throw new ModelException(Reason.COMPILE_FAILED, "The compiled model could not be read back: " + file);
        }
        return open(source, file, content);
    }

    private CpuModel open(final ModelSource source, final Path file, final ArtifactFile.Content content) throws ModelException {
        final Artifact artifact = content.artifact();
        final IoLayout layout;
        try {
            layout = new IoLayout(artifact.inputs(), artifact.outputs(), IoSlot.ALIGNMENT);
        } catch (final ArithmeticException e) {
            throw new ModelException(Reason.TOO_LARGE, "A tensor of one request is larger than 2 GiB.", e);
        }
        final int maxBatch = layout.largestBatch(Math.min(artifact.maxBatch(), context.maxBatch()), context.inputBytes(),
            context.outputBytes());
        long payload = 0;
        PlanRun plan = null;
        final boolean mustBeHalf = source.options().precision() == ElementType.BFLOAT16;
        if (mustBeHalf && planMaker == null) {
            throw noHalf(noPlans, null);
        }
        String engine = RUNTIME + noPlans + "; ONNX Runtime " + runtime.version();
        try {
            final IoTensors io = new IoTensors(runtime, slot, artifact, layout, maxBatch);
            if (planMaker != null) {
                try {
                    plan = planMaker.make(source, artifact, io, maxBatch);
                    engine = plan.description();
                } catch (final ModelException e) {
                    if (mustBeHalf || context.engine() == Engines.ONEDNN) {
                        io.close();
                        throw mustBeHalf ? noHalf(e.getMessage(), e) : e;
                    }
                    engine = RUNTIME + e.getMessage() + "; ONNX Runtime " + runtime.version();
                }
            }
            if (plan == null && artifact.payloadBytes() > 0) {
                payload = memory.mapFile(NativeMemory.Tag.HOST_WEIGHTS, file, content.payloadOffset(), artifact.payloadBytes());
            }
            final CpuModel model = new CpuModel(runtime, memory, pageMemory, artifact, content.skeleton(), payload, io, plan,
                engine, this::forget);
            keep(model);
            return model;
        } catch (final OrtException | RuntimeException e) {
            if (payload != 0) {
                memory.free(NativeMemory.Tag.HOST_WEIGHTS, payload, artifact.payloadBytes());
            }
            throw new ModelException(Reason.COMPILE_FAILED, "The compiled model could not be opened: " + e.getMessage(), e);
        }
    }

    private void keep(final CpuModel model) throws ModelException {
        final long used;
        synchronized (models) {
            models.add(model);
            used = hostBytes();
        }
        if (used > context.hostMemoryBytes()) {
            model.close();
            throw new ModelException(Reason.TOO_LARGE, "Host memory for compiled models is full: this one takes "
                + model.hostBytes() + " bytes, with the others " + used + " of " + context.hostMemoryBytes()
                + ". Unregister models, or raise " + context.property(Context.HOST_MEMORY) + '.');
        }
    }

    /** Host memory that compiled models take now. */
    public long hostBytes() {
        synchronized (models) {
            return models.stream().mapToLong(CpuModel::hostBytes).sum();
        }
    }

    /** Most memory that serving takes, whatever is registered and loaded: the resident size of a process beside its Java part. */
    public long statedBytes() {
        return (long) device.totalPages() * Device.PAGE_BYTES + context.inputBytes() + context.outputBytes()
            + 2L * context.workspaceBytes() + context.hostMemoryBytes();
    }

    /** What {@link #statedBytes} is made of, for people. */
    public String statedMemory() {
        return String.format(Locale.ROOT, "weights %d MiB, inputs and outputs %d MiB, activations up to 2 x %d MiB, compiled "
                + "models in host memory up to %d MiB; together %d MiB, and while a file is compiled up to six times its size "
                + "and %d MiB",
            device.totalPages() * (Device.PAGE_BYTES / MIB), (context.inputBytes() + context.outputBytes()) / MIB,
            context.workspaceBytes() / MIB, context.hostMemoryBytes() / MIB, statedBytes() / MIB,
            2L * context.workspaceBytes() / MIB);
    }

    private static ModelException noHalf(final String why, final ModelException cause) {
        return new ModelException(cause == null ? Reason.COMPILE_FAILED : cause.reason(),
            "The model can't be computed with precision=bf16 here: " + why, cause);
    }

    private void forget(final CpuModel model) {
        synchronized (models) {
            models.remove(model);
        }
    }

    @Override
    public MutableDirectBuffer allocateHost(final long bytes) {
        if (bytes < 1 || bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a host buffer has 1 byte to 2 GiB: bytes=" + bytes);
        }
        final long address = memory.allocate(NativeMemory.Tag.HOST_BUFFERS, bytes);
        synchronized (hostBuffers) {
            hostBuffers.add(new long[] {address, bytes});
        }
        return new UnsafeBuffer(address, (int) bytes);
    }

    /** What is taken now, for tests and counters. */
    long nativeBytes(final NativeMemory.Tag tag) {
        return memory.bytes(tag);
    }

    /** Closes the device, then the models that are still open, then frees all host memory. Idempotent. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        device.close();
        final List<CpuModel> open;
        synchronized (models) {
            open = List.copyOf(models);
        }
        open.forEach(CpuModel::close);
        workspace.close();
        if (planMaker != null) {
            memory.free(NativeMemory.Tag.WORKSPACE, planWorkspace, context.workspaceBytes());
        }
        slot.close();
        synchronized (hostBuffers) {
            hostBuffers.forEach(b -> memory.free(NativeMemory.Tag.HOST_BUFFERS, b[0], b[1]));
            hostBuffers.clear();
        }
    }

    /** What runs models. */
    public enum Engines {
        /** A plan on oneDNN where it covers the model and gives the same answers, else ONNX Runtime. */
        AUTO,
        /** ONNX Runtime only. */
        ONNXRUNTIME,
        /** Plans on oneDNN only; a model that has none is refused. */
        ONEDNN
    }

    /** Options, each with a property {@code clockwork.cpu.OPTION} of its own. */
    public static final class Context extends EngineContext<Context> {
        /** Host memory for compiled models: weights as LOADs copy them, and what was made to execute them. */
        public static final String HOST_MEMORY = "host.memory";
        /** What runs models: {@link Engines}. */
        public static final String ENGINE = "engine";
        /** Precision of plans of models whose registration states none: FLOAT32 or BFLOAT16. */
        public static final String PRECISION = "precision";
        /** Largest difference of a plan's answers to ONNX Runtime's, as a part of the largest number. */
        public static final String PLAN_TOLERANCE = "plan.tolerance";
        /** Property of the workspace's size. */
        public static final String WORKSPACE_BYTES_PROPERTY = "clockwork.cpu." + WORKSPACE_BYTES;

        private static final long DEFAULT_MEMORY = 1L << 30;
        /** ONNX Runtime does not hold an arena of a few MiB to its limit. */
        private static final int SMALLEST_WORKSPACE_BYTES = 16 << 20;
        private static final double FLOAT_TOLERANCE = 1e-3;
        private static final double BFLOAT_TOLERANCE = 0.1;

        private long hostMemoryBytes = SystemUtil.getSizeAsLong(property(HOST_MEMORY), Processor.memoryBytes() / 2);
        private Engines engine = Engines.valueOf(
            System.getProperty(property(ENGINE), Engines.AUTO.name()).toUpperCase(Locale.ROOT));
        private ElementType precision = ElementType.valueOf(
            System.getProperty(property(PRECISION), ElementType.FLOAT32.name()).toUpperCase(Locale.ROOT));
        private double planTolerance = Double.parseDouble(System.getProperty(property(PLAN_TOLERANCE), "0"));

        /** What the properties say. */
        public Context() {
            super("cpu", DEFAULT_MEMORY);
        }

        @Override
        protected Context self() {
            return this;
        }

        @Override
        protected void check() {
            require(hostMemoryBytes >= 1, HOST_MEMORY, hostMemoryBytes, "is not positive");
            require(workspaceBytes() >= SMALLEST_WORKSPACE_BYTES && workspaceBytes() <= Integer.MAX_VALUE, WORKSPACE_BYTES,
                workspaceBytes(), "is not in " + SMALLEST_WORKSPACE_BYTES + ".." + Integer.MAX_VALUE);
            require(precision == ElementType.FLOAT32 || precision == ElementType.BFLOAT16, PRECISION, precision,
                "is neither FLOAT32 nor BFLOAT16");
        }

        /** What runs models. */
        public Context engine(final Engines newEngine) {
            engine = newEngine;
            return this;
        }

        /** What runs models. */
        public Engines engine() {
            return engine;
        }

        /** Precision of what is between the steps, for models that state none: FLOAT32 or BFLOAT16. */
        public Context precision(final ElementType newPrecision) {
            precision = newPrecision;
            return this;
        }

        /** Precision for models that state none. */
        public ElementType precision() {
            return precision;
        }

        /** Precision of a model. */
        ElementType precision(final ModelOptions options) {
            return options.precision() == null ? precision : options.precision();
        }

        /** A plan whose answers differ by more from ONNX Runtime's is not used; 0 for the precision's default. */
        public Context planTolerance(final double tolerance) {
            planTolerance = tolerance;
            return this;
        }

        /** A plan whose answers differ by more from ONNX Runtime's is not used. */
        public double planTolerance(final ElementType ofPrecision) {
            return planTolerance != 0 ? planTolerance
                : ofPrecision == ElementType.FLOAT32 ? FLOAT_TOLERANCE : BFLOAT_TOLERANCE;
        }

        /** Host memory for compiled models in bytes; what goes beyond is refused. Default: half of the machine's memory. */
        public Context hostMemoryBytes(final long bytes) {
            hostMemoryBytes = bytes;
            return this;
        }

        /** Host memory for compiled models in bytes. */
        public long hostMemoryBytes() {
            return hostMemoryBytes;
        }
    }
}
