package org.clockwork.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.TimeUnit;
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
 * What the controller spends on a request: request in, decision, action out, result in, response out, with all codecs and
 * tables, at 70 % load in virtual time. Popularity by Zipf's law with exponent 1, one request in twenty for a model that
 * is not loaded when it first comes. The figures include the work of the world around the path.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-opens", "java.base/jdk.internal.misc=ALL-UNNAMED"})
@State(Scope.Thread)
public class SchedulingBenchmark {
    /** Devices. */
    @Param({"1", "10", "100", "1000"})
    public int devices;
    /** Models registered. */
    @Param({"1000", "4000"})
    public int models;
    /** Requests of a batch, which come at once: with 1 each request is an INFER of its own. */
    @Param({"1", "8"})
    public int batch;
    /** Scheduling policy. */
    @Param({"slack"})
    public String policy;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private SchedulingWorld world;
    private long requests;
    private long startCpuNs;

    /** Makes the world and lets it settle. */
    @Setup(Level.Trial)
    public void start() {
        world = new SchedulingWorld(devices, models, batch, 0.7, 0.05, policy);
        for (int i = 0; i < 20_000; i++) {
            world.nextRequest();
        }
    }

    /** Begins to count. */
    @Setup(Level.Iteration)
    public void startIteration() {
        requests = 0;
        startCpuNs = threads.getCurrentThreadCpuTime();
    }

    /** Says what a request took of the thread's own time: on a shared machine it differs less than JMH's wall clock. */
    @TearDown(Level.Iteration)
    public void tellCpu() {
        System.out.printf("CPU: %.0f ns a request; ", (double) (threads.getCurrentThreadCpuTime() - startCpuNs) / requests);
    }

    /** Says how many were answered. */
    @TearDown(Level.Trial)
    public void tell() {
        System.out.printf("answered: %.2f %%%n", world.answeredShare() * 100);
    }

    /** One request and, on the average, one result. */
    @Benchmark
    public void request() {
        requests++;
        world.nextRequest();
    }
}
