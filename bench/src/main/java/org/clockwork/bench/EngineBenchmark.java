package org.clockwork.bench;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.agrona.MutableDirectBuffer;
import org.clockwork.device.CompiledModel;
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
    private static final int LOADS = 41;

    /** A name of the zoo, or the packaged transformer. */
    @Param({"resnet50", "mobilenet_v2", "densenet121", BenchModel.TRANSFORMER})
    public String model;
    /** What runs it. */
    @Param({"onnxruntime", "fp32", "bf16"})
    public String engine;
    /** Requests in a batch. */
    @Param({"1", "8"})
    public int batch;

    private BenchModel loaded;
    private MutableDirectBuffer from;
    private MutableDirectBuffer to;

    /** Compiles and loads the model. */
    @Setup(Level.Trial)
    public void open() throws Exception {
        loaded = new BenchModel(model, engine, batch);
        final CompiledModel compiled = loaded.compiled;
        System.out.println("# engine=" + compiled.engine() + " weightsBytes=" + compiled.weightsBytes());
        from = loaded.backend.allocateHost(compiled.weightsBytes());
        to = loaded.backend.allocateHost(compiled.weightsBytes());
    }

    /** One batch: copy in, execute, copy out. */
    @Benchmark
    public long infer() {
        return loaded.run(loaded.infer).executeNs;
    }

    /** A LOAD and its UNLOAD. */
    @Benchmark
    public long loadAndUnload() {
        loaded.run(loaded.unload);
        return loaded.run(loaded.load).executeNs;
    }

    /** The copy of the weights alone. */
    @Benchmark
    public MutableDirectBuffer copyOfWeights() {
        to.putBytes(0, from, 0, (int) loaded.compiled.weightsBytes());
        return to;
    }

    /** In turns, so that both see the same machine: a LOAD alone, as the device stamps it, and the copy alone. */
    private void compareLoadWithCopy() {
        final long[] loads = new long[LOADS];
        final long[] copies = new long[LOADS];
        for (int i = 0; i < LOADS; i++) {
            loaded.run(loaded.unload);
            loads[i] = loaded.run(loaded.load).executeNs;
            final long startNs = System.nanoTime();
            copyOfWeights();
            copies[i] = System.nanoTime() - startNs;
        }
        Arrays.sort(loads);
        Arrays.sort(copies);
        System.out.printf(Locale.ROOT, "# LOAD p50=%.1f us, copy of %d bytes p50=%.1f us: %.2f times%n",
            loads[LOADS / 2] / 1e3, loaded.compiled.weightsBytes(), copies[LOADS / 2] / 1e3,
            (double) loads[LOADS / 2] / copies[LOADS / 2]);
    }

    /** Frees everything. */
    @TearDown(Level.Trial)
    public void close() throws IOException {
        compareLoadWithCopy();
        loaded.close();
    }
}
