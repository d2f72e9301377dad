package org.clockwork.sim.scenario;

import java.util.Arrays;
import org.clockwork.loadgen.Arrivals;
import org.clockwork.loadgen.ModelChoice;

/**
 * The fewest devices with which any policy could answer a share of these very arrivals in time. The time is cut into
 * pieces. In each, every model's requests are put into the batches that take least device time, each request with others
 * that came within the time that the SLO leaves beside an execution of two; nothing is loaded, no batch waits for a device,
 * and what is given up is what costs most: a price for each request served bounds all ways to choose. All that must fit into
 * the devices' time from the piece's start to an SLO after its end. As all batches may wait as long as one of two, an
 * exchange of requests shows that batches in the order of arrival are the best. Owned by the thread that makes it.
 */
final class FewestDevices {
    private static final long PIECE_NS = 10_000_000_000L;
    /** Prices of a request that are tried, each larger by this than the one before. */
    private static final double STEP = 1.05;
    private static final double LEAST_PRICE_NS = 100_000;
    private static final int PRICES = 160;

    private final long sloNs;
    private final double[] priceNs = new double[PRICES];
    private final long[] lengthNs;
    private final long[] requests;
    /** By piece and price: least device time, less the price of each request served. */
    private final double[][] least;
    private double[] ends = new double[64];

    /** Looks at the arrivals that are counted; they are used up. */
    FewestDevices(
        final Arrivals arrivals, final ModelChoice models, final Kind[] kinds, final long sloNs,
        final long warmupNs, final long durationNs) {
        this.sloNs = sloNs;
        for (int i = 0; i < PRICES; i++) {
            priceNs[i] = LEAST_PRICE_NS * Math.pow(STEP, i);
        }
        final int pieces = (int) ((durationNs + PIECE_NS - 1) / PIECE_NS);
        lengthNs = new long[pieces];
        requests = new long[pieces];
        least = new double[pieces][PRICES];
        final long[][] times = new long[kinds.length][16];
        final int[] counts = new int[kinds.length];
        while (arrivals.dueNs() < warmupNs) {
            arrivals.advance();
        }
        for (int piece = 0; piece < pieces; piece++) {
            final long fromNs = warmupNs + piece * PIECE_NS;
            lengthNs[piece] = Math.min(PIECE_NS, warmupNs + durationNs - fromNs);
            Arrays.fill(counts, 0);
            for (long dueNs = arrivals.dueNs(); dueNs < fromNs + lengthNs[piece]; dueNs = arrivals.dueNs()) {
                final int model = models.next(dueNs);
                if (counts[model] == times[model].length) {
                    times[model] = Arrays.copyOf(times[model], 2 * counts[model]);
                }
                times[model][counts[model]++] = dueNs;
                requests[piece]++;
                arrivals.advance();
            }
            for (int model = 0; model < kinds.length; model++) {
                for (int price = 0; counts[model] > 0 && price < PRICES; price++) {
                    least[piece][price] += least(kinds[model], times[model], counts[model], priceNs[price]);
                }
            }
        }
    }

    /** So many devices are needed for that share at least. */
    int forShare(final double share) {
        final double allowed = (1 - share) * Arrays.stream(requests).sum();
        int devices = 1;
        while (missed(devices) > allowed) {
            devices++;
        }
        return devices;
    }

    /** Requests that so many devices can't serve in time, at least. */
    double missed(final int devices) {
        double missed = 0;
        for (int piece = 0; piece < lengthNs.length; piece++) {
            final double timeNs = (double) devices * (lengthNs[piece] + sloNs);
            double most = 0;
            for (int price = 0; price < PRICES; price++) {
                final double beyondNs = least[piece][price] + priceNs[price] * requests[piece] - timeNs;
                most = Math.max(most, beyondNs / priceNs[price]);
            }
            missed += most;
        }
        return missed;
    }

    /** Least device time for a model's requests, less the price of each one served. */
    private double least(final Kind kind, final long[] times, final int count, final double price) {
        if (ends.length <= count) {
            ends = new double[2 * count];
        }
        final long waitNs = sloNs - kind.executeNs(2) - kind.aroundNs(2);
        final boolean isAlone = kind.isInTime(1, sloNs);
        int most = kind.maxBatch();
        while (most > 1 && !kind.isInTime(most, sloNs)) {
            most /= 2;
        }
        ends[0] = 0;
        for (int end = 1; end <= count; end++) {
            double best = ends[end - 1];
            for (int size = 1; size <= Math.min(most, end) && times[end - 1] - times[end - size] <= waitNs; size++) {
                if (size > 1 || isAlone) {
                    best = Math.min(best, ends[end - size] + kind.executeNs(size) - size * price);
                }
            }
            ends[end] = best;
        }
        return ends[count];
    }
}
