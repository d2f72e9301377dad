package org.clockwork.loadgen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;

/** Which model is next: proportions, and models that become active. */
class ModelChoiceTest {
    private static final long SEED = 99;
    private static final int DRAWS = 400_000;

    @Test
    void weightsAreKept() {
        final double[] weights = {1, 0, 5, 2, 0.5, 11.5};
        final ModelChoice choice = ModelChoice.weighted(weights, new Xoshiro(SEED, "weights"));
        final int[] counts = new int[weights.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[choice.next(i)]++;
        }
        for (int i = 0; i < weights.length; i++) {
            final double expected = DRAWS * weights[i] / 20;
            assertEquals(expected, counts[i], 5 * Math.sqrt(expected), "seed=" + SEED + " model " + i);
        }
    }

    @Test
    void ofManyModelsAllAreDrawnAsOftenAsTheirLawSays() {
        final double[] weights = new double[4_000];
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = 1.0 / (i + 1);
            sum += weights[i];
        }
        final ModelChoice choice = ModelChoice.weighted(weights, new Xoshiro(SEED, "zipf"));
        int first = 0;
        int secondHalf = 0;
        for (int i = 0; i < DRAWS; i++) {
            final int model = choice.next(i);
            first += model == 0 ? 1 : 0;
            secondHalf += model >= 2_000 ? 1 : 0;
        }
        assertEquals(DRAWS / sum, first, 5 * Math.sqrt(DRAWS / sum), "seed=" + SEED);
        assertEquals(DRAWS * 0.693 / sum, secondHalf, 5 * Math.sqrt(DRAWS * 0.693 / sum), "seed=" + SEED);
    }

    @Test
    void nonsensicalWeightsAreRefused() {
        final Xoshiro random = new Xoshiro(SEED, "none");
        assertThrows(IllegalArgumentException.class, () -> ModelChoice.weighted(new double[0], random));
        assertThrows(IllegalArgumentException.class, () -> ModelChoice.weighted(new double[] {0, 0}, random));
        assertThrows(IllegalArgumentException.class, () -> ModelChoice.weighted(new double[] {1, -1}, random));
        assertThrows(IllegalArgumentException.class, () -> ModelChoice.weighted(new double[] {1, Double.NaN}, random));
    }

    @Test
    void oneMoreBecomesActiveAtEachIntervalAndNotBefore() {
        final ModelChoice choice = ModelChoice.growing(3, 1_000, new Xoshiro(SEED, "growing"));
        assertEquals(0, most(choice, 0));
        assertEquals(0, most(choice, 999));
        assertEquals(1, most(choice, 1_000));
        assertEquals(1, most(choice, 1_999));
        assertEquals(2, most(choice, 2_000));
        assertEquals(2, most(choice, 1_000_000));
        assertEquals(2, most(choice, Arrivals.NEVER));
    }

    @Test
    void allocatesNothing() {
        final ModelChoice choice = ModelChoice.weighted(new double[] {1, 2, 3}, new Xoshiro(SEED, "allocation"));
        final int[] sum = new int[1];
        final Runnable draws = () -> {
            for (int i = 0; i < 100_000; i++) {
                sum[0] += choice.next(i);
            }
        };
        draws.run();
        assertTrue(Allocation.bytesOf(draws) < 100_000, "bytes");
        assertTrue(sum[0] > 0);
    }

    private static int most(final ModelChoice choice, final long dueNs) {
        int most = 0;
        for (int i = 0; i < 100; i++) {
            most = Math.max(most, choice.next(dueNs));
        }
        return most;
    }
}
