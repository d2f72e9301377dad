package org.clockwork.sim.scenario;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.clockwork.loadgen.MixedArrivals;
import org.clockwork.loadgen.ModelChoice;
import org.clockwork.loadgen.Xoshiro;

/**
 * How popular models are that stand for serverless functions: four functions each, sorted by their totals and mapped in
 * order. The functions are those of a trace in the format of Azure Functions 2019, or drawn from a law: log-normal with
 * sigma 4, the ten largest made alike, always the same draw. By it 18.6 % of the functions make 99.7 % of the requests
 * (in Azure's trace: 99.6 %; Shahrad et al., ATC 2020). Owned by one thread.
 */
final class FunctionMix {
    private static final int FUNCTIONS_A_MODEL = 4;
    private static final double SIGMA = 4.0;
    private static final int ALIKE = 10;
    private static final long LAW_SEED = 2019;
    /** Share of the load that comes from periodic timers. */
    private static final double TIMERS = 0.1;
    /** Every so many minutes one is a spike. */
    private static final int SPIKE_EVERY = 5;
    private static final int SPIKE_AT = 1;
    private static final double SPIKE = 1.2;
    private static final double CALM = (SPIKE_EVERY - SPIKE) / (SPIKE_EVERY - 1);
    /** Columns of the trace before its minutes. */
    private static final int NAMES = 4;

    private final int models;
    /** Per function its invocations by the minute, largest total first; null without a trace. */
    private final int[][] minutes;
    private final int[] shifts;
    /** Per model its share of all requests. */
    private final double[] shares;

    private FunctionMix(final int models, final double[] totals, final int[][] minutes, final int[] shifts) {
        this.models = models;
        this.minutes = minutes;
        this.shifts = shifts;
        shares = new double[models];
        double sum = 0;
        for (final double total : totals) {
            sum += total;
        }
        for (int i = 0; i < totals.length; i++) {
            shares[i / FUNCTIONS_A_MODEL] += totals[i] / sum;
        }
    }

    /** The law. */
    static FunctionMix builtIn(final int models) {
        final Xoshiro random = new Xoshiro(LAW_SEED, "functions");
        final double[] totals = new double[FUNCTIONS_A_MODEL * models];
        for (int i = 0; i < totals.length; i++) {
            totals[i] = -StrictMath.exp(SIGMA * random.nextNormal());
        }
        Arrays.sort(totals);
        for (int i = 0; i < totals.length; i++) {
            totals[i] = -totals[i];
        }
        Arrays.fill(totals, 0, Math.min(ALIKE, totals.length), totals[Math.min(ALIKE, totals.length) - 1]);
        return new FunctionMix(models, totals, null, null);
    }

    /** Functions drawn from a trace, each shifted in time by chance. */
    static FunctionMix trace(final Path file, final int models, final long seed) {
        final List<int[]> rows = read(file);
        final Xoshiro random = new Xoshiro(seed, "functions");
        final int count = FUNCTIONS_A_MODEL * models;
        final int[] drawn = new int[count];
        final int[] drawnShifts = new int[count];
        final Integer[] order = new Integer[count];
        for (int i = 0; i < count; i++) {
            drawn[i] = random.nextInt(rows.size());
            drawnShifts[i] = random.nextInt(rows.get(0).length);
            order[i] = i;
        }
        final double[] rowTotals = rows.stream().mapToDouble(row -> Arrays.stream(row).asLongStream().sum()).toArray();
        Arrays.sort(order, (a, b) -> Double.compare(rowTotals[drawn[b]], rowTotals[drawn[a]]));
        final double[] totals = new double[count];
        final int[][] minutes = new int[count][];
        final int[] shifts = new int[count];
        for (int i = 0; i < count; i++) {
            totals[i] = rowTotals[drawn[order[i]]];
            minutes[i] = rows.get(drawn[order[i]]);
            shifts[i] = drawnShifts[order[i]];
        }
        return new FunctionMix(models, totals, minutes, shifts);
    }

    /** Per model its share of all requests, the most popular first. */
    double[] shares() {
        return shares.clone();
    }

    /** Requests per second of each model at this rate of all. */
    double[] rates(final double ratePerS) {
        final double[] rates = shares();
        for (int i = 0; i < rates.length; i++) {
            rates[i] *= ratePerS;
        }
        return rates;
    }

    /** Requests per second of each model in one minute, at this rate of all over many. */
    double[] rates(final double ratePerS, final long minute) {
        final double[] rates = rates(TIMERS * ratePerS);
        final double[] weights = minutes == null ? shares : weights(minute);
        final double sum = Arrays.stream(weights).sum();
        for (int i = 0; i < models; i++) {
            rates[i] += poissonPerS(ratePerS, minute) * weights[i] / sum;
        }
        return rates;
    }

    private static double poissonPerS(final double ratePerS, final long minute) {
        return ratePerS * ((minute % SPIKE_EVERY == SPIKE_AT ? SPIKE : CALM) - TIMERS);
    }

    /** Poisson arrivals inside each minute, the second of each five a spike, and timers. */
    MixedArrivals arrivals(final double ratePerS, final long seed) {
        final Xoshiro popularity = new Xoshiro(seed, "popularity");
        final ModelChoice always = minutes == null ? ModelChoice.weighted(shares, popularity) : null;
        return new MixedArrivals(new MixedArrivals.Plan() {
            @Override
            public double ratePerS(final long minute) {
                return poissonPerS(ratePerS, minute);
            }

            @Override
            public ModelChoice popularity(final long minute) {
                return always == null ? ModelChoice.weighted(weights(minute), popularity) : always;
            }
        }, rates(TIMERS * ratePerS), 0, new Xoshiro(seed, "arrivals"));
    }

    /** Each model's requests come in bursts: gamma-distributed times between them. */
    MixedArrivals bursts(final double ratePerS, final double variation, final long seed) {
        return new MixedArrivals(new MixedArrivals.Plan() {
            @Override
            public double ratePerS(final long minute) {
                return 0;
            }

            @Override
            public ModelChoice popularity(final long minute) {
                return dueNs -> 0;
            }
        }, rates(ratePerS), variation, new Xoshiro(seed, "bursts"));
    }

    private double[] weights(final long minute) {
        final double[] weights = new double[models];
        double sum = 0;
        for (int i = 0; i < minutes.length; i++) {
            final int count = minutes[i][(int) ((minute + shifts[i]) % minutes[i].length)];
            weights[i / FUNCTIONS_A_MODEL] += count;
            sum += count;
        }
        return sum > 0 ? weights : shares;
    }

    private static List<int[]> read(final Path file) {
        final List<int[]> rows = new ArrayList<>();
        try (Stream<String> lines = Files.lines(file)) {
            lines.skip(1).filter(line -> !line.isBlank()).forEach(line -> {
                final String[] cells = line.split(",");
                final int[] counts = new int[Math.max(0, cells.length - NAMES)];
                for (int i = 0; i < counts.length; i++) {
                    counts[i] = Integer.parseInt(cells[NAMES + i].strip());
                }
                if (counts.length == 0 || !rows.isEmpty() && rows.get(0).length != counts.length) {
                    throw new IllegalArgumentException(
                        "--trace: line " + (rows.size() + 2) + " of " + file + " has " + counts.length + " minutes");
                }
                rows.add(counts);
            });
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (final NumberFormatException ex) {
            throw new IllegalArgumentException("--trace: line " + (rows.size() + 2) + " of " + file + ": " + ex.getMessage(), ex);
        }
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("--trace: " + file + " has no functions");
        }
        return rows;
    }
}
