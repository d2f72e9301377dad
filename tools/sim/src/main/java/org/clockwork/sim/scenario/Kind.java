package org.clockwork.sim.scenario;

import org.clockwork.device.emulated.Profile;
import org.clockwork.device.emulated.ProfileTable;

/** One kind of model as the bounds see it: what it takes, and how fast it can be served at best. Immutable. */
final class Kind {
    /** ResNet-50 of the table. */
    static final String RESNET50 = "resnet50_v2";
    private static final int HOPS = 4;
    private static final double S = 1e9;

    private final Profile profile;
    private final long hopNs;
    private final long pcieBytesPerSecond;

    Kind(final Profile profile, final SimOptions system) {
        this.profile = profile;
        hopNs = system.hopNs;
        pcieBytesPerSecond = system.pcieBytesPerSecond;
    }

    static Kind resnet50(final SimOptions system) {
        return new Kind(ProfileTable.published().find(RESNET50), system);
    }

    String name() {
        return profile.name();
    }

    int maxBatch() {
        return profile.maxBatch();
    }

    int pages() {
        return profile.pages();
    }

    long loadNs() {
        return profile.loadNs();
    }

    /** Duration of an execution of a batch. */
    long executeNs(final int batchSize) {
        return profile.executeNs(batchSize);
    }

    /** What the way of a batch takes beside its execution: four hops, and its inputs' copy. */
    long aroundNs(final int batchSize) {
        return HOPS * hopNs + (long) ((double) batchSize * profile.inputBytes() * S / pcieBytesPerSecond);
    }

    /** Whether a batch whose requests have come just now is answered in time on an idle device. */
    boolean isInTime(final int batchSize, final long sloNs) {
        return executeNs(batchSize) + aroundNs(batchSize) <= sloNs;
    }

    /** The batch size of the table that serves most requests a second within an SLO; 0 if none is in time. */
    int bestBatch(final long sloNs) {
        int best = 0;
        for (int size = 1; size <= maxBatch(); size *= 2) {
            if (isInTime(size, sloNs) && (best == 0 || perSecond(size) > perSecond(best))) {
                best = size;
            }
        }
        return best;
    }

    /** Requests a second of a device that runs nothing but batches of this size. */
    double perSecond(final int batchSize) {
        return batchSize == 0 ? 0 : batchSize * S / executeNs(batchSize);
    }

    /** Least execution time of a request within an SLO: its part of the best batch; infinite if none is in time. */
    double leastNs(final long sloNs) {
        final int batchSize = bestBatch(sloNs);
        return batchSize == 0 ? Double.POSITIVE_INFINITY : (double) executeNs(batchSize) / batchSize;
    }

    /**
     * Execution time of a request in the batches that a rate allows: a batch has the first request and those that come
     * while it can wait. Infinite if none is in time.
     */
    double nsAt(final double ratePerS, final long sloNs) {
        double least = Double.POSITIVE_INFINITY;
        for (int size = 1; size <= maxBatch(); size *= 2) {
            if (isInTime(size, sloNs)) {
                final long waitNs = sloNs - executeNs(size) - aroundNs(size);
                least = Math.min(least, executeNs(size) / Math.min(size, 1 + ratePerS * waitNs / S));
            }
        }
        return least;
    }
}
