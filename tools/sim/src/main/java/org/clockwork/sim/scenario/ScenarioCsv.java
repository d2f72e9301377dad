package org.clockwork.sim.scenario;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.clockwork.controller.schedule.SchedulerParts;
import org.clockwork.loadgen.Summary;

/** A line for each run, as comma-separated text for whatever draws curves: what all scenarios have, then its own figures. */
final class ScenarioCsv {
    private static final List<String> COMMON = List.of("offered", "goodputPerS", "attainment");
    private static final List<String> LATENCIES = List.of("p50", "p90", "p99", "p999", "max");

    private ScenarioCsv() {
    }

    /** A heading and a line for each run; shares are 0 to 1, and what there is not is left out. */
    static List<String> lines(final String scenario, final List<ScenarioReport.Row> rows) {
        final List<String> head = new ArrayList<>(List.of("scenario", "case", "policy", "lookAheadUs", "seed", "offeredPerS"));
        head.addAll(COMMON);
        LATENCIES.forEach(name -> head.add(name + "Us"));
        rows.get(0).results().get(0).metrics().forEach(metric -> head.add(quoted(metric.name())));
        final List<String> lines = new ArrayList<>(List.of(String.join(",", head)));
        for (final ScenarioReport.Row row : rows) {
            for (int i = 0; i < row.results().size(); i++) {
                lines.add(line(scenario, row, i));
            }
        }
        return lines;
    }

    private static String line(final String scenario, final ScenarioReport.Row row, final int place) {
        final CaseResult result = row.results().get(place);
        final ObjectNode summary = Summary.of(result.recorder(),
            new Summary.Run(result.durationNs(), 0, row.firstSeed() + place, "", Map.of(), false)).toJson();
        final List<String> cells = new ArrayList<>(List.of(
            scenario, quoted(row.label()), row.policy(),
            row.lookAheadNs() == SchedulerParts.AUTO_NS ? "" : number(row.lookAheadNs() / 1e3),
            Long.toString(row.firstSeed() + place), number(result.recorder().offered() * 1e9 / result.durationNs())));
        COMMON.forEach(name -> cells.add(number(summary.path(name).asDouble(Double.NaN))));
        LATENCIES.forEach(name -> cells.add(number(summary.path("latencyUs").path(name).asDouble(Double.NaN))));
        result.metrics().forEach(metric -> cells.add(number(metric.value())));
        return String.join(",", cells);
    }

    private static String number(final double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return "";
        }
        return value == Math.rint(value) && Math.abs(value) < 1e15 ? Long.toString((long) value) : Double.toString(value);
    }

    private static String quoted(final String text) {
        return text.indexOf(',') < 0 ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
