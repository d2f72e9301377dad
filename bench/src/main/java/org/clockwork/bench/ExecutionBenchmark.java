package org.clockwork.bench;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
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
 * How steady an execution is: plans on oneDNN (fp32) and ONNX Runtime in one process, in turns, so that both see the same
 * machine. Prints p50, p99 and their ratio of each from the device's own stamps, CPU time, and what an inference allocates
 * on Java's heap. The benchmark's own score is that of a pair.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 5)
@Measurement(iterations = 1, time = 120)
@Fork(value = 1, jvmArgsAppend = {"--add-opens", "java.base/jdk.internal.misc=ALL-UNNAMED", "-Xmx2g"})
public class ExecutionBenchmark {
    private static final long LARGEST_NS = 10_000_000_000L;

    /** A name of the zoo, or the packaged transformer. */
    @Param({"resnet50", "mobilenet_v2", "densenet121", BenchModel.TRANSFORMER})
    public String model;
    /** Requests in a batch. */
    @Param("1")
    public int batch;

    private Side runtime;
    private Side plan;
    private boolean isPlanFirst;

    /** One of the two. */
    private static final class Side {
        private final BenchModel model;
        private final Histogram executeNs = new Histogram(LARGEST_NS, 4);
        private final Histogram cpuNs = new Histogram(LARGEST_NS, 4);
        private long allocatedBytes;

        Side(final BenchModel model) {
            this.model = model;
        }

        void run() {
            final long cpu = model.executionCpuNs();
            final long allocated = model.allocatedBytes();
            model.run(model.infer);
            allocatedBytes += model.allocatedBytes() - allocated;
            cpuNs.recordValue(Math.min(LARGEST_NS, model.executionCpuNs() - cpu));
            executeNs.recordValue(Math.min(LARGEST_NS, model.infer.executeNs));
        }

        void reset() {
            executeNs.reset();
            cpuNs.reset();
            allocatedBytes = 0;
        }

        double p99ToP50() {
            return (double) executeNs.getValueAtPercentile(99) / executeNs.getValueAtPercentile(50);
        }

        void print(final String name) {
            System.out.printf(Locale.ROOT, "# %-11s executions=%d us: min=%.0f p50=%.0f p90=%.0f p99=%.0f max=%.0f p99/p50=%.4f; "
                    + "CPU us: p50=%.0f p99=%.0f; garbage %.1f bytes an inference%n",
                name, executeNs.getTotalCount(), executeNs.getMinValue() / 1e3, executeNs.getValueAtPercentile(50) / 1e3,
                executeNs.getValueAtPercentile(90) / 1e3, executeNs.getValueAtPercentile(99) / 1e3,
                executeNs.getMaxValue() / 1e3, p99ToP50(), cpuNs.getValueAtPercentile(50) / 1e3,
                cpuNs.getValueAtPercentile(99) / 1e3, (double) allocatedBytes / Math.max(1, executeNs.getTotalCount()));
        }
    }

    /** Compiles and loads the model twice. */
    @Setup(Level.Trial)
    public void open() throws Exception {
        runtime = new Side(new BenchModel(model, "onnxruntime", batch));
        plan = new Side(new BenchModel(model, "fp32", batch));
    }

    /** What was run to warm up does not count. */
    @Setup(Level.Iteration)
    public void reset() {
        runtime.reset();
        plan.reset();
    }

    /** One execution of each, in changing order. */
    @Benchmark
    public void inTurns() {
        isPlanFirst = !isPlanFirst;
        (isPlanFirst ? plan : runtime).run();
        (isPlanFirst ? runtime : plan).run();
    }

    /** Prints the last iteration. */
    @TearDown(Level.Trial)
    public void close() throws IOException {
        System.out.printf(Locale.ROOT, "%n# %s batch=%d%n", model, batch);
        runtime.print("onnxruntime");
        plan.print("onednn/fp32");
        System.out.printf(Locale.ROOT, "# p99/p50 %.4f against %.4f: %s; p50 %.3f times ONNX Runtime's%n", plan.p99ToP50(),
            runtime.p99ToP50(), plan.p99ToP50() <= runtime.p99ToP50() ? "no worse" : "WORSE",
            (double) plan.executeNs.getValueAtPercentile(50) / runtime.executeNs.getValueAtPercentile(50));
        plan.model.close();
        runtime.model.close();
    }
}
