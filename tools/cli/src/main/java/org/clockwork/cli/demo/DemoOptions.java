package org.clockwork.cli.demo;

import java.nio.file.Path;
import org.clockwork.cli.run.ThreadingPlan;

/**
 * Options of the demonstration.
 *
 * @param seconds     of serving, recorded.
 * @param rate        requests per second over all models; null: from the measured profiles.
 * @param sloNs       of each request.
 * @param seed        of models, inputs and arrivals.
 * @param memoryBytes for weights on the device.
 * @param hlog        to write; null for none.
 * @param directory   for models and state; null: a temporary one.
 * @param plan        threads and idling.
 * @param commandLine as typed.
 * @param isDebug     whether errors show stack traces.
 * @param device      that serves.
 */
public record DemoOptions(
    double seconds, Double rate, long sloNs, long seed, long memoryBytes, Path hlog, Path directory, ThreadingPlan plan,
    String commandLine, boolean isDebug, Device device) {

    /** What can serve a demonstration. */
    public enum Device {
        /** This machine's processor. */
        CPU,
        /** This machine's GPUs. */
        CUDA,
        /** The CUDA device on stand-ins for its driver; with small models only, as these are slow. */
        CUDA_EMULATED
    }

    /** The same at another rate. */
    DemoOptions withRate(final Double otherRate) {
        return new DemoOptions(seconds, otherRate, sloNs, seed, memoryBytes, hlog, directory, plan, commandLine, isDebug,
            device);
    }
}
