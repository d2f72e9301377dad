package org.clockwork.sim.scenario;

/** Told now and then how far a run has come. */
@FunctionalInterface
public interface Progress {
    /** Tells nobody. */
    Progress NONE = (doneNs, totalNs, requests) -> { };

    /**
     * A tenth of a virtual second has passed.
     *
     * @param doneNs   virtual time since the start of the load.
     * @param totalNs  all of it.
     * @param requests that have reached the controller.
     */
    void onProgress(long doneNs, long totalNs, long requests);
}
