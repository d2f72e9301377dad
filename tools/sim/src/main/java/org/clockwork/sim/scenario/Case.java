package org.clockwork.sim.scenario;

/** One set-up of a scenario, such as one SLO: run once for each policy and seed. */
public interface Case {
    /** Names it among the cases of its scenario. */
    String label();

    /**
     * Runs it.
     *
     * @param system policy, look-ahead and seed filled in; the case fills in the devices.
     */
    CaseResult run(SimOptions system, Progress progress);
}
