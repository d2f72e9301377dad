package org.clockwork.sim.scenario;

import java.util.List;
import org.clockwork.loadgen.Recorder;

/**
 * What one case of a scenario has shown with one policy and seed.
 *
 * @param recorder   of its requests.
 * @param durationNs of the counted part.
 * @param score      higher is better: chooses between look-aheads.
 * @param metrics    its figures, its bounds among them, in the order of the columns.
 * @param detail     further lines for people; empty for none.
 */
public record CaseResult(Recorder recorder, long durationNs, double score, List<Metric> metrics, List<String> detail) {
    /** A result without further lines. */
    public CaseResult(final RunResult run, final double score, final List<Metric> metrics) {
        this(run.recorder(), run.durationNs(), score, metrics, List.of());
    }
}
