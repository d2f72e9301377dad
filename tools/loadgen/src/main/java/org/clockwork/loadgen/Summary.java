package org.clockwork.loadgen;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What a run of load ended with, the same for every command that makes load, live or simulated. Immutable.
 *
 * @param run    about the run as a whole.
 * @param total  all requests.
 * @param groups per model or class, in the order of the recorder.
 * @param input  "real", "generated" or "mixed", as the answers say.
 * @param emulated whether any answer came from an emulated device.
 * @param whyNot reasons for which the run is not valid; empty if it is.
 */
public record Summary(Run run, Row total, List<Row> groups, String input, boolean emulated, List<String> whyNot) {
    private static final double US = 1e3;
    private static final double S = 1e9;
    private static final double LEAST_ON_TIME = 0.99;
    private static final int LEAST_ABOVE = 10;
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Percentiles told, and how many samples there are for each one above them. */
    private enum Percentile {
        P50("p50", 50.0, 2), P90("p90", 90.0, 10), P99("p99", 99.0, 100), P999("p999", 99.9, 1_000),
        P9999("p9999", 99.99, 10_000), P99999("p99999", 99.999, 100_000), P999999("p999999", 99.9999, 1_000_000);

        private final String key;
        private final double percent;
        private final long samplesPerOneAbove;

        Percentile(final String key, final double percent, final long samplesPerOneAbove) {
            this.key = key;
            this.percent = percent;
            this.samplesPerOneAbove = samplesPerOneAbove;
        }
    }

    /**
     * About a run as a whole.
     *
     * @param durationNs  of the recorded part.
     * @param wallNs      from the start of the command to its end, by a real clock.
     * @param seed        of all randomness.
     * @param commandLine that made it.
     * @param environment beside which its figures stand.
     * @param isLive      whether real time passed: then being late to send makes it invalid.
     */
    public record Run(
        long durationNs, long wallNs, long seed, String commandLine, Map<String, String> environment, boolean isLive) {
    }

    /**
     * Counts and percentiles of a group.
     *
     * @param name          of the group.
     * @param offered       requests; always the sum of the next five.
     * @param inTime        answered within the SLO by the client's verdict.
     * @param late          answered after it.
     * @param refused       by decision.
     * @param failed        by accident, or because the request was wrong.
     * @param cancelled     by the client.
     * @param refusedInTime refusals that arrived before the deadline had passed.
     * @param coldStarts    answers that waited for their model to be loaded.
     * @param refusedBy     reason to count.
     * @param failedBy      reason to count.
     * @param latencyUs     of answers, from the intended send time; null where fewer than 10 samples lie above.
     */
    public record Row(
        String name, long offered, long inTime, long late, long refused, long failed, long cancelled,
        long refusedInTime, long coldStarts, Map<String, Long> refusedBy, Map<String, Long> failedBy,
        Map<String, Double> latencyUs) {

        /** Share of the offered requests that was answered in time; null if none was offered. */
        public Double attainment() {
            return 0 == offered ? null : (double) inTime / offered;
        }

        /** Requests that have not ended: 0 after a complete run. */
        public long missing() {
            return offered - inTime - late - refused - failed - cancelled;
        }
    }

    /** Reads a recorder at the end of a run, when each request has ended. */
    public static Summary of(final Recorder recorder, final Run run) {
        final List<Row> rows = new ArrayList<>();
        for (final Recorder.Group group : recorder.groups()) {
            rows.add(row(group));
        }
        final Row total = row(recorder.total());
        final List<String> whyNot = new ArrayList<>();
        if (0 == total.offered()) {
            whyNot.add("no request was offered");
        } else if (run.isLive() && recorder.sentOnTime() < LEAST_ON_TIME * total.offered()) {
            whyNot.add("only " + recorder.sentOnTime() + " of " + total.offered()
                + " requests were sent within 1 ms of their time; 99 % are needed");
        }
        if (0 != total.missing()) {
            whyNot.add(total.missing() + " requests had not ended when the run was closed");
        }
        return new Summary(run, total, rows, recorder.input(), recorder.isAnyEmulated(), whyNot);
    }

    /** Whether its figures may be used. */
    public boolean isValid() {
        return whyNot.isEmpty();
    }

    /** Answers in time per second. */
    public double goodputPerS() {
        return 0 == run.durationNs() ? 0.0 : total.inTime() * S / run.durationNs();
    }

    /** The summary for programs. */
    public ObjectNode toJson() {
        final ObjectNode json = JSON.createObjectNode();
        json.put("valid", isValid());
        final var why = json.putArray("why");
        whyNot.forEach(why::add);
        putRow(json, total);
        json.put("durationS", run.durationNs() / S);
        json.put("goodputPerS", goodputPerS());
        json.put("input", input);
        json.put("emulated", emulated);
        json.put("seed", run.seed());
        json.put("commandLine", run.commandLine());
        final ObjectNode environment = json.putObject("environment");
        run.environment().forEach(environment::put);
        json.put("wallS", run.wallNs() / S);
        final ObjectNode byName = json.putObject("groups");
        for (final Row row : groups) {
            final ObjectNode node = byName.putObject(row.name());
            putRow(node, row);
            node.put("goodputPerS", 0 == run.durationNs() ? 0.0 : row.inTime() * S / run.durationNs());
        }
        return json;
    }

    /** Writes a summary, or one with fields added by its command. */
    public static void write(final ObjectNode json, final Path file) throws IOException {
        if (null != file.toAbsolutePath().getParent()) {
            Files.createDirectories(file.toAbsolutePath().getParent());
        }
        Files.writeString(file, text(json) + System.lineSeparator());
    }

    /** JSON as text, indented. */
    public static String text(final ObjectNode json) {
        try {
            return JSON.writeValueAsString(json);
        } catch (final JsonProcessingException ex) {
            throw new IllegalStateException("a tree of plain values can always be written", ex);
        }
    }

    private static void putRow(final ObjectNode json, final Row row) {
        json.put("offered", row.offered());
        json.put("inTime", row.inTime());
        json.put("late", row.late());
        json.put("refused", row.refused());
        json.put("failed", row.failed());
        json.put("cancelled", row.cancelled());
        final ObjectNode refusedBy = json.putObject("refusedBy");
        row.refusedBy().forEach(refusedBy::put);
        final ObjectNode failedBy = json.putObject("failedBy");
        row.failedBy().forEach(failedBy::put);
        json.put("refusedInTime", row.refusedInTime());
        json.put("coldStarts", row.coldStarts());
        json.put("attainment", row.attainment());
        final ObjectNode latency = json.putObject("latencyUs");
        row.latencyUs().forEach(latency::put);
    }

    private static Row row(final Recorder.Group group) {
        final Map<String, Long> refusedBy = new LinkedHashMap<>();
        final Map<String, Long> failedBy = new LinkedHashMap<>();
        for (int code = 0; code < group.endedBy.length; code++) {
            if (group.endedBy[code] > 0) {
                final Outcome outcome = Outcome.of(code, 0, 0);
                if (Outcome.REFUSED == outcome) {
                    refusedBy.put(Outcome.reasonName(code), group.endedBy[code]);
                } else if (Outcome.FAILED == outcome) {
                    failedBy.put(Outcome.reasonName(code), group.endedBy[code]);
                }
            }
        }
        return new Row(
            group.name, group.offered, group.count(Outcome.IN_TIME), group.count(Outcome.LATE),
            group.count(Outcome.REFUSED), group.count(Outcome.FAILED), group.count(Outcome.CANCELLED),
            group.refusedInTime, group.coldStarts, refusedBy, failedBy, percentiles(group.latencyNs));
    }

    private static Map<String, Double> percentiles(final Histogram latencyNs) {
        final Map<String, Double> byKey = new LinkedHashMap<>();
        final long count = latencyNs.getTotalCount();
        for (final Percentile percentile : Percentile.values()) {
            final boolean isKnown = count >= LEAST_ABOVE * percentile.samplesPerOneAbove;
            byKey.put(percentile.key, isKnown ? latencyNs.getValueAtPercentile(percentile.percent) / US : null);
        }
        byKey.put("max", 0 == count ? null : latencyNs.getMaxValue() / US);
        return byKey;
    }
}
