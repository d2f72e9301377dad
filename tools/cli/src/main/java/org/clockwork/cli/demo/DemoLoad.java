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

/** The load of the demonstration: by default so much that the execution engine is half busy, by the measured profiles. */
final class DemoLoad {
    private static final double NS_PER_S = 1e9;

    private final List<DemoRow> rows;
    private final DemoOptions options;
    private final double scale;

    DemoLoad(final List<DemoRow> rows, final DemoOptions options) {
        this.rows = rows;
        this.options = options;
        this.scale = null == options.rate() ? 1.0 : options.rate() / defaultRatePerS();
    }

    /** Requests per second over all models that keep the engine half busy. */
    double defaultRatePerS() {
        return rows.stream().mapToDouble(DemoRow::defaultRatePerS).sum();
    }

    /** Requests per second over all models in this run. */
    double ratePerS() {
        return defaultRatePerS() * scale;
    }

    /** Share of the execution engine's time that this load asks for, by the profiles of batch 1. */
    double demandedShare() {
        return rows.stream().mapToDouble(row -> row.defaultRatePerS() * scale * row.executeNs() / NS_PER_S).sum();
    }

    /** Requests per second of this mix that the execution engine can take, by the best measured batch sizes. */
    double capacityPerS() {
        final double nsPerRequest = rows.stream()
            .mapToDouble(row -> row.defaultRatePerS() / defaultRatePerS() * row.bestNsPerRequest()).sum();
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
        return row.defaultRatePerS() * scale;
    }

    static long[] ids(final DemoRow row) {
        return row.infos().stream().mapToLong(ModelInfo::modelId).toArray();
    }

    /** For people. */
    String text() {
        final Table table = new Table("model", "arrivals", "requests/s", "share of engine", "what");
        for (final DemoRow row : rows) {
            table.row(row.model().name(), row.model().pattern().label(), String.format(Locale.ROOT, "%.1f", rate(row)),
                String.format(Locale.ROOT, "%.1f %%", 100.0 * rate(row) * row.executeNs() / NS_PER_S), row.model().about());
        }
        return table + String.format(Locale.ROOT,
            "%n%.1f requests/s with an SLO of %s ask for %.0f %% of the execution engine; it can take %.0f/s of this mix",
            ratePerS(), Durations.format(options.sloNs()), 100.0 * demandedShare(), capacityPerS());
    }
}
