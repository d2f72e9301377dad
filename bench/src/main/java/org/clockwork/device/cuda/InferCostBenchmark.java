package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.cuMemsetD8Async;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jcuda.driver.CUdeviceptr;
import org.HdrHistogram.Histogram;
import org.clockwork.compiler.PlanCompiler;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelSource;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;
import org.clockwork.emulatedcuda.EmulatedCuda;
import org.clockwork.model.zoo.ModelZoo;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.runner.IterationType;

/**
 * What an INFER costs the host on the CUDA device, JNI and the stand-ins' own part included, on stand-ins that compute nothing:
 * the launches of a plan alone, and a whole INFER by the device's engine. A GPU's driver takes its own time for each call; what
 * shows here is what this side of it adds, and how it grows with the steps.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 2)
@Fork(value = 1, jvmArgsAppend = {"--add-opens", "java.base/jdk.internal.misc=ALL-UNNAMED", "-Xmx1g"})
public class InferCostBenchmark {
    private static final int IMAGE = 64;
    private static final int PAGES = 10;
    private static final long POLL_NS = 10_000;
    private static final long OCCUPIED_NS = 1_000_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** A model of the zoo, for images of 64 x 64. */
    @State(Scope.Benchmark)
    public abstract static class OnStandIns {
        /** A name of the zoo. */
        @Param({"mlp", "resnet50"})
        public String model;
        private Path directory;

        final CudaBackend.Context context() throws IOException {
            if (!EmulatedCuda.isBuilt()) {
                throw new IllegalStateException(
                    "SKIPPED: the stand-ins for CUDA were not built, they need g++ on 64-bit Linux (native/cuda/README.md)");
            }
            EmulatedCuda.load();
            EmulatedCuda.reset();
            EmulatedCuda.computing(false);
            directory = Files.createTempDirectory("infer-cost");
            return new CudaBackend.Context().emulated(true).cacheDirectory(directory).maxBatch(1).workspaceBytes(64L << 20)
                .memoryBytes((long) PAGES * Device.PAGE_BYTES);
        }

        final ModelSource source() throws IOException {
            final Path file = directory.resolve("model.onnx");
            new ModelZoo().write(model, 1, IMAGE, file);
            return new ModelSource("model", file, null, Map.of(), 1);
        }

        final void finish() throws IOException {
            if (!EmulatedCuda.takeBreaches().isEmpty() || !EmulatedCuda.leftOver().isEmpty()) {
                throw new IllegalStateException("the stand-ins complain, or something is left: " + EmulatedCuda.leftOver());
            }
            try (Stream<Path> files = Files.walk(directory)) {
                for (final Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** A plan's calls on a GPU of their own, without engines. */
    public static class Launches extends OnStandIns {
        private final Histogram histogram = new Histogram(3);
        private final Frame frame = new Frame();
        private Gpu gpu;
        private CudaModel compiled;
        private CUdeviceptr workspace;
        private Call[] calls;
        private int steps;
        private long bytes;

        /** Opens the GPU and puts pages behind the weights. */
        @Setup(Level.Trial)
        public void open() throws Exception {
            final CudaBackend.Context context = context();
            context.conclude();
            Driver.open();
            final HostMemory host = new HostMemory();
            gpu = new Gpu(0, context, host);
            final ModelSource source = source();
            steps = PlanCompiler.open(source.file(), Integer.MAX_VALUE, Map.of()).plan(1, ElementType.FLOAT32).steps().size();
            compiled = new ModelMaker(List.of(gpu), host, context).make(source, closed -> { });
            calls = compiled.program(0, 1).calls();
            frame.weights = compiled.onGpu(0).acquireRange();
            gpu.pages().map(frame.weights, IntStream.range(0, compiled.pages()).toArray(), compiled.pages());
            frame.inputs = gpu.slots()[0].deviceInputs();
            frame.outputs = gpu.slots()[0].deviceOutputs();
            frame.error = gpu.slots()[0].deviceError();
            frame.workspace = gpu.workspace();
            workspace = Address.device(frame.workspace);
            EmulatedCuda.latencyNs(EmulatedCuda.EXECUTE_COPY, OCCUPIED_NS);
        }

        /** The stream is at work on something else: what is launched waits in its queue, which has room for all of it. */
        @Setup(Level.Invocation)
        public void occupy() throws CudaException {
            cuStreamSynchronize(gpu.executeStream());
            CudaException.check(cuMemsetD8Async(workspace, (byte) 0, 1, gpu.executeStream()), "cuMemsetD8Async");
        }

        /** Forgets what was warm-up. */
        @Setup(Level.Iteration)
        public void forget(final IterationParams iteration) {
            if (iteration.getType() == IterationType.WARMUP) {
                histogram.reset();
                bytes = 0;
            }
        }

        /** Says what it was for each step, and closes. */
        @TearDown(Level.Trial)
        public void close() throws Exception {
            final double p50 = histogram.getValueAtPercentile(50);
            System.out.printf(Locale.ROOT, "# %s: %d steps in %d calls, p50 %.1f us: %.0f ns a step, %.0f a call; %.3f bytes%n",
                model, steps, calls.length, p50 / 1e3, p50 / steps, p50 / calls.length,
                (double) bytes / histogram.getTotalCount());
            cuStreamSynchronize(gpu.executeStream());
            gpu.pages().unmap(frame.weights, compiled.pages());
            compiled.onGpu(0).releaseRange(frame.weights);
            compiled.close();
            gpu.close();
            finish();
        }
    }

    /** A device with its engine; what the engine's thread spends is read from the thread. */
    public static class Engines extends OnStandIns {
        private final Device.CompletionHandler onDone = operation -> isDone = true;
        private CudaBackend backend;
        private CompiledModel compiled;
        private Operation infer;
        private boolean isDone;
        private long engine;
        private long startCpuNs;
        private long startBytes;
        private long infers;

        /** Opens a device and loads the model. */
        @Setup(Level.Trial)
        public void open() throws Exception {
            backend = new CudaBackend(context());
            compiled = backend.compile(source());
            final Operation load = new Operation(1);
            load.kind = Operation.Kind.LOAD;
            load.modelId = 1;
            load.model = compiled;
            run(load);
            infer = new Operation(1);
            infer.kind = Operation.Kind.INFER;
            infer.modelId = 1;
            infer.batchSize = 1;
            infer.requestCount = 1;
            infer.inputs[0] = backend.allocateHost(compiled.inputs().stream().mapToInt(TensorSpec::bytes).sum());
            infer.outputs[0] = backend.allocateHost(compiled.outputs().stream().mapToInt(TensorSpec::bytes).sum());
            engine = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("cuda-0-execute")).findFirst().orElseThrow().getId();
        }

        final void run(final Operation operation) {
            final Device device = backend.devices().get(0);
            operation.clearResults();
            isDone = false;
            device.start(operation, System.nanoTime());
            while (!isDone) {
                if (device.poll(onDone, System.nanoTime()) == 0) {
                    LockSupport.parkNanos(POLL_NS);
                }
            }
            if (operation.status != DeviceStatus.OK) {
                throw new IllegalStateException(operation.kind + ": " + operation.status + ' ' + operation.detail);
            }
            infers++;
        }

        /** What follows is counted. */
        @Setup(Level.Iteration)
        public void mark(final IterationParams iteration) {
            if (iteration.getType() == IterationType.WARMUP || infers == 0) {
                infers = 0;
                startCpuNs = THREADS.getThreadCpuTime(engine);
                startBytes = THREADS.getThreadAllocatedBytes(engine);
            }
        }

        /** Says what the engine's thread spent, and closes. */
        @TearDown(Level.Trial)
        public void close() throws Exception {
            System.out.printf(Locale.ROOT, "# %s: engine's thread %.1f us of processor and %.3f bytes an INFER, in %d of them%n",
                model, (THREADS.getThreadCpuTime(engine) - startCpuNs) / 1e3 / infers,
                (double) (THREADS.getThreadAllocatedBytes(engine) - startBytes) / infers, infers);
            backend.close();
            finish();
        }
    }

    /** Puts all of a plan's calls into the stream. */
    @Benchmark
    public void launch(final Launches launches) throws CudaException {
        final long startBytes = THREADS.getCurrentThreadAllocatedBytes();
        final long startNs = System.nanoTime();
        for (final Call call : launches.calls) {
            call.launch(launches.frame);
        }
        final long ns = System.nanoTime() - startNs;
        launches.bytes += THREADS.getCurrentThreadAllocatedBytes() - startBytes;
        launches.histogram.recordValue(ns);
    }

    /** Copy in, launches, copy out, all that orders them, and the hand-over between the threads. */
    @Benchmark
    public void infer(final Engines engines) {
        engines.run(engines.infer);
    }
}
