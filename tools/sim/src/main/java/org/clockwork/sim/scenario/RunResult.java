package org.clockwork.sim.scenario;

import org.clockwork.loadgen.Outcome;
import org.clockwork.loadgen.Recorder;

/**
 * What one run has measured, each request of it having ended.
 *
 * @param recorder      of the requests.
 * @param durationNs    of the counted part.
 * @param gpus          devices.
 * @param executeBusyNs time that all execution engines worked during it.
 * @param loadBusyNs    time that all load engines worked during it.
 * @param infers        INFER actions sent during it.
 * @param loads         LOAD actions sent during it.
 * @param actionsFailed actions that did not end well, since the start of the system.
 */
public record RunResult(
    Recorder recorder, long durationNs, int gpus, long executeBusyNs, long loadBusyNs, long infers, long loads,
    long actionsFailed) {
    private static final double S = 1e9;

    /** Answers in time a second. */
    public double goodputPerS() {
        return recorder.count(Outcome.IN_TIME) * S / durationNs;
    }

    /** Share of the offered requests that was answered in time; 1 if none was offered. */
    public double attainment() {
        return recorder.offered() == 0 ? 1.0 : (double) recorder.count(Outcome.IN_TIME) / recorder.offered();
    }

    /** Share of the time that execution engines worked. */
    public double executeBusy() {
        return (double) executeBusyNs / ((double) durationNs * gpus);
    }

    /** Share of the time that load engines worked. */
    public double loadBusy() {
        return (double) loadBusyNs / ((double) durationNs * gpus);
    }

    /** Mean number of requests in a batch. */
    public double meanBatch() {
        return infers == 0 ? 0.0
            : (double) (recorder.count(Outcome.IN_TIME) + recorder.count(Outcome.LATE)) / infers;
    }
}
