package org.clockwork.cli.demo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.clockwork.cli.load.StreamPlan;
import org.clockwork.client.Durations;
import org.clockwork.client.ModelInfo;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.loadgen.Table;
import org.clockwork.loadgen.Xoshiro;

/**
 * The load of the demonstration: by default so much that the execution engine is half busy, by the measured profiles, and
 * once there are answers by what these took. Immutable.
 */
final class DemoLoad {
    private static final double NS_PER_S = 1e9;

    private final List<DemoRow> rows;
    private final DemoOptions options;
    private final double[] defaultRates;
    private final double[] engineNs;
    private final double scale;

    DemoLoad(final List<DemoRow> rows, final DemoOptions options) {
        this.rows = rows;
        this.options = options;
        this.defaultRates = rows.stream().mapToDouble(DemoRow::defaultRatePerS).toArray();
        this.engineNs = rows.stream().mapToDouble(DemoRow::engineNsPerRequest).toArray();
        this.scale = null == options.rate() ? 1.0 : options.rate() / defaultRatePerS();
    }

    /** Requests per second over all models that keep the engine half busy. */
    double defaultRatePerS() {
        return Arrays.stream(defaultRates).sum();
    }

    /** Requests per second over all models in this run. */
    double ratePerS() {
        return defaultRatePerS() * scale;
    }

    /** Share of the execution engine's time that this load asks for, by what requests took on average. */
    double demandedShare() {
        return rows.stream().mapToDouble(row -> share(row)).sum();
    }

    /** Requests per second of this mix that the execution engine can take, by the best measured batch sizes. */
    double capacityPerS() {
        final double nsPerRequest = rows.stream()
            .mapToDouble(row -> rate(row) / ratePerS() * row.bestNsPerRequest()).sum();
        return NS_PER_S / nsPerRequest;
    }

    List<LoadStream> streams() {
        final List<LoadStream> streams = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            final DemoRow row = rows.get(i);
            final String name = row.model().name();
            final int[] groups = new int[row.infos().size()];
            Arrays.fill(groups, i);
            streams.add(new LoadStream(
                i, name, row.model().pattern().arrivals(rate(row), new Xoshiro(options.seed(), "arrivals " + name)),
                ids(row), groups, options.sloNs(), new Xoshiro(options.seed(), "choice " + name)));
        }
        return streams;
    }

    List<StreamPlan> plans() {
        return rows.stream().map(row -> new StreamPlan(row.infos(), row.inputs(), options.seed(), false, row)).toList();
    }

    List<DemoRow> rows() {
        return rows;
    }

    double rate(final DemoRow row) {
        return defaultRates[rows.indexOf(row)] * scale;
    }

    private double share(final DemoRow row) {
        return rate(row) * engineNs[rows.indexOf(row)] / NS_PER_S;
    }

    static long[] ids(final DemoRow row) {
        return row.infos().stream().mapToLong(ModelInfo::modelId).toArray();
    }

    /** For people. */
    String text() {
        final Table table = new Table("model", "arrivals", "requests/s", "share of engine", "what");
        for (final DemoRow row : rows) {
            table.row(row.model().name(), row.model().pattern().label(), String.format(Locale.ROOT, "%.1f", rate(row)),
                String.format(Locale.ROOT, "%.1f %%", 100.0 * share(row)), row.model().about());
        }
        return table + String.format(Locale.ROOT,
            "%n%.1f requests/s with an SLO of %s ask for %.0f %% of the execution engine; it can take %.0f/s of this mix",
            ratePerS(), Durations.format(options.sloNs()), 100.0 * demandedShare(), capacityPerS());
    }
}
