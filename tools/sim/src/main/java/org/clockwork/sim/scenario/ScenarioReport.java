package org.clockwork.sim.scenario;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.clockwork.controller.schedule.SchedulerParts;
import org.clockwork.loadgen.Recorder;
import org.clockwork.loadgen.Summary;
import org.clockwork.loadgen.Table;

/** What a scenario has shown: a table for people, and the common summary with a run each for programs. Immutable. */
public final class ScenarioReport {
    private final Scenario scenario;
    private final ScenarioOptions options;
    private final List<Row> rows;

    ScenarioReport(final Scenario scenario, final ScenarioOptions options, final List<Row> rows) {
        this.scenario = scenario;
        this.options = options;
        this.rows = List.copyOf(rows);
    }

    /**
     * One case with one policy, over all seeds.
     *
     * @param label       of the case.
     * @param policy      name.
     * @param lookAheadNs that was best, or the policy's own.
     * @param firstSeed   of the results.
     * @param results     one for each seed.
     */
    record Row(String label, String policy, long lookAheadNs, long firstSeed, List<CaseResult> results) {
        double score() {
            return results.stream().mapToDouble(CaseResult::score).sum();
        }

        String policyText() {
            return lookAheadNs == SchedulerParts.AUTO_NS ? policy : policy + ' ' + Labels.ms(lookAheadNs);
        }

        double[] values(final int metric) {
            return results.stream().mapToDouble(result -> result.metrics().get(metric).value()).toArray();
        }
    }

    /** What is run and with which options: printed before it runs. */
    public static String head(final Scenario scenario, final ScenarioOptions options) {
        final StringBuilder text = new StringBuilder();
        line(text, scenario.name() + ": " + scenario.description());
        line(text, "  seeds: " + options.seed + (options.seeds == 1 ? "" : " to " + (options.seed + options.seeds - 1))
            + "; policies: " + String.join(", ", options.policies)
            + "; " + seconds(options.durationNs()) + " counted after " + seconds(options.warmupNs()));
        options.system.describe().forEach((name, value) -> line(text, "  " + name + ": " + value));
        for (final String legend : scenario.legend()) {
            line(text, "  " + legend);
        }
        return text.toString();
    }

    /** All results, case by case, policy by policy, seed by seed. */
    List<CaseResult> results() {
        return rows.stream().flatMap(row -> row.results().stream()).toList();
    }

    /** The table. */
    public String text() {
        final List<String> head = new ArrayList<>(List.of("case", "policy", "seed"));
        rows.get(0).results().get(0).metrics().forEach(metric -> head.add(metric.name()));
        final Table table = new Table(head.toArray(new String[0]));
        for (final Row row : rows) {
            for (int i = 0; i < row.results().size(); i++) {
                final List<String> cells =
                    new ArrayList<>(List.of(row.label(), row.policyText(), Long.toString(row.firstSeed() + i)));
                row.results().get(i).metrics().forEach(metric -> cells.add(metric.text()));
                table.row(cells.toArray(new String[0]));
            }
            if (row.results().size() > 1) {
                addAggregate(table, row, "mean");
                addAggregate(table, row, "min");
                addAggregate(table, row, "max");
                table.line();
            }
        }
        final StringBuilder text = new StringBuilder(table.toString());
        for (final Row row : rows) {
            for (final CaseResult result : row.results()) {
                result.detail().forEach(detail -> text.append(System.lineSeparator()).append(detail));
            }
        }
        text.append(System.lineSeparator()).append(options.system.checkLog.text());
        return text.toString();
    }

    /** The summary of all runs together, each run being a group; with a single run its own groups. */
    public Summary summary(final Summary.Run about) {
        long durationNs = 0;
        final List<String> names = new ArrayList<>();
        final List<CaseResult> results = new ArrayList<>();
        for (final Row row : rows) {
            for (int i = 0; i < row.results().size(); i++) {
                names.add(row.label() + ", " + row.policyText() + ", seed " + (row.firstSeed() + i));
                results.add(row.results().get(i));
                durationNs += row.results().get(i).durationNs();
            }
        }
        final Recorder recorder;
        if (results.size() == 1) {
            recorder = results.get(0).recorder();
        } else {
            recorder = new Recorder(names);
            for (int i = 0; i < results.size(); i++) {
                recorder.addTo(i, results.get(i).recorder());
            }
        }
        return Summary.of(recorder, new Summary.Run(
            durationNs, about.wallNs(), about.seed(), about.commandLine(), about.environment(), false));
    }

    /** A line for each run, for whatever draws curves; the first line names the columns. */
    public List<String> csv() {
        return ScenarioCsv.lines(scenario.name(), rows);
    }

    /** Adds what is this scenario's own to the common summary. */
    public ObjectNode json(final Summary summary) {
        final ObjectNode json = summary.toJson();
        json.put("scenario", scenario.name());
        final ObjectNode system = json.putObject("options");
        options.system.describe().forEach(system::put);
        final ArrayNode runs = json.putArray("runs");
        for (final Row row : rows) {
            for (int i = 0; i < row.results().size(); i++) {
                final ObjectNode run = runs.addObject();
                name(run, row);
                run.put("seed", row.firstSeed() + i);
                final ObjectNode metrics = run.putObject("metrics");
                row.results().get(i).metrics().forEach(metric -> put(metrics, metric.name(), metric.value()));
                final CaseResult result = row.results().get(i);
                run.set("summary", Summary.of(result.recorder(), new Summary.Run(
                    result.durationNs(), 0, row.firstSeed() + i, "", Map.of(), false)).toJson());
            }
        }
        options.system.checkLog.json(json);
        final ArrayNode over = json.putArray("overSeeds");
        for (final Row row : rows) {
            final ObjectNode node = over.addObject();
            name(node, row);
            final List<Metric> metrics = row.results().get(0).metrics();
            for (int metric = 0; metric < metrics.size(); metric++) {
                final ObjectNode of = node.putObject(metrics.get(metric).name());
                put(of, "mean", aggregate("mean", row.values(metric)));
                put(of, "min", aggregate("min", row.values(metric)));
                put(of, "max", aggregate("max", row.values(metric)));
            }
        }
        return json;
    }

    private static void name(final ObjectNode node, final Row row) {
        node.put("case", row.label());
        node.put("policy", row.policy());
        if (row.lookAheadNs() == SchedulerParts.AUTO_NS) {
            node.putNull("lookAheadUs");
        } else {
            node.put("lookAheadUs", row.lookAheadNs() / 1e3);
        }
    }

    private static void put(final ObjectNode node, final String name, final double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            node.putNull(name);
        } else {
            node.put(name, value);
        }
    }

    private static void addAggregate(final Table table, final Row row, final String how) {
        final List<String> cells = new ArrayList<>(List.of(row.label(), row.policyText(), how));
        final List<Metric> metrics = row.results().get(0).metrics();
        for (int metric = 0; metric < metrics.size(); metric++) {
            cells.add(metrics.get(metric).text(aggregate(how, row.values(metric))));
        }
        table.row(cells.toArray(new String[0]));
    }

    private static double aggregate(final String how, final double[] values) {
        double sum = 0;
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (final double value : values) {
            sum += value;
            least = Math.min(least, value);
            most = Math.max(most, value);
        }
        return "mean".equals(how) ? sum / values.length : "min".equals(how) ? least : most;
    }

    private static String seconds(final long ns) {
        return Labels.number(ns / 1e9) + " s";
    }

    private static void line(final StringBuilder text, final String line) {
        text.append(line).append(System.lineSeparator());
    }
}
