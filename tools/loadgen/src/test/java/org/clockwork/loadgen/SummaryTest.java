package org.clockwork.loadgen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.HistogramLogReader;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ResponseFlagsEncoder;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Counts, percentiles, JSON, table and interval log of a run. */
class SummaryTest {
    private static final long MS = 1_000_000L;
    private static final long SLO = 100 * MS;
    private final Recorder recorder = new Recorder(List.of("one", "two"));

    @Test
    void eachRequestIsCountedOnce() {
        end(0, Status.OK, 10 * MS);
        end(0, Status.OK, 101 * MS);
        end(0, Status.DEADLINE_UNREACHABLE, 1 * MS);
        end(1, Status.SHED, 200 * MS);
        end(1, Status.WORKER_LOST, 1 * MS);
        end(1, Status.UNKNOWN_MODEL, 1 * MS);
        end(1, Status.CANCELLED, 1 * MS);
        final Summary summary = Summary.of(recorder, run());
        final Summary.Row total = summary.total();
        assertEquals(7, total.offered());
        assertEquals(1, total.inTime());
        assertEquals(1, total.late());
        assertEquals(2, total.refused());
        assertEquals(2, total.failed());
        assertEquals(1, total.cancelled());
        assertEquals(0, total.missing());
        assertEquals(1, total.refusedInTime());
        assertEquals(Map.of("DEADLINE_UNREACHABLE", 1L, "SHED", 1L), total.refusedBy());
        assertEquals(Map.of("WORKER_LOST", 1L, "UNKNOWN_MODEL", 1L), total.failedBy());
        assertEquals(1.0 / 7, total.attainment());
        assertTrue(summary.isValid());
    }

    @Test
    void withoutAnSloAnyAnswerIsInTime() {
        recorder.onOffered(0, 0);
        recorder.onEnded(0, Status.OK.value(), 0, 3_000 * MS, Protocol.NULL_NS);
        assertEquals(1, Summary.of(recorder, run()).total().inTime());
    }

    @Test
    void aPercentileNeedsTenSamplesAbove() {
        for (int i = 0; i < 999; i++) {
            end(0, Status.OK, MS);
        }
        assertNull(Summary.of(recorder, run()).total().latencyUs().get("p99"));
        end(0, Status.OK, 2 * MS);
        final Map<String, Double> latencyUs = Summary.of(recorder, run()).total().latencyUs();
        assertEquals(1_000.0, latencyUs.get("p99"), 2.0);
        assertNull(latencyUs.get("p999"));
        assertEquals(2_000.0, latencyUs.get("max"), 4.0);
    }

    @Test
    void jsonHasTheFieldsThatProgramsReadAndNullsWhereNothingIsKnown() throws IOException {
        recorder.onOffered(0, 0);
        byte flags = ResponseFlagsEncoder.cold((byte) 0, true);
        flags = ResponseFlagsEncoder.generatedInput(flags, true);
        flags = ResponseFlagsEncoder.emulated(flags, true);
        recorder.onEnded(0, Status.OK.value(), flags, 5 * MS, SLO);
        final JsonNode json = new ObjectMapper().readTree(Summary.text(Summary.of(recorder, run()).toJson()));
        for (final String field : List.of("offered", "inTime", "late", "refused", "failed", "cancelled", "refusedBy",
            "coldStarts", "durationS", "goodputPerS", "latencyUs", "attainment", "input", "emulated", "seed", "commandLine",
            "environment", "wallS", "groups", "valid", "why")) {
            assertTrue(json.has(field), field);
        }
        assertTrue(json.path("latencyUs").path("p50").isNull());
        assertEquals(5_000.0, json.path("latencyUs").path("max").asDouble(), 10.0);
        assertEquals("generated", json.path("input").asText());
        assertTrue(json.path("emulated").asBoolean());
        assertEquals(1, json.path("coldStarts").asInt());
        assertEquals(0.5, json.path("goodputPerS").asDouble());
        assertTrue(json.path("groups").path("two").path("attainment").isNull());
        assertEquals("v", json.path("environment").path("k").asText());
    }

    @Test
    void anIncompleteOrEmptyOrLateRunIsNotValid() {
        assertFalse(Summary.of(recorder, run()).isValid());
        recorder.onOffered(0, 0);
        assertFalse(Summary.of(recorder, run()).isValid());
        recorder.onEnded(0, Status.OK.value(), 0, MS, SLO);
        assertTrue(Summary.of(recorder, run()).isValid());
        recorder.onOffered(0, Recorder.ON_TIME_NS + 1);
        recorder.onEnded(0, Status.OK.value(), 0, MS, SLO);
        assertFalse(Summary.of(recorder, run()).isValid());
    }

    @Test
    void theTableIsAlignedAndTellsWhatHappened() {
        for (int i = 0; i < 30; i++) {
            end(0, Status.OK, 12 * MS);
        }
        end(1, Status.DEADLINE_UNREACHABLE, MS);
        final String text = SummaryText.of(Summary.of(recorder, run()));
        final String[] lines = text.split("\\R");
        assertEquals(lines[0].length(), lines[2].length(), text);
        assertEquals(lines[0].length(), lines[3].length(), text);
        assertTrue(text.contains("refused by: DEADLINE_UNREACHABLE 1 (1 of 1 before the deadline had passed)"), text);
        assertTrue(text.contains("12.0"), text);
        assertEquals("99.99 %", SummaryText.percent(0.99999));
        assertEquals("-", SummaryText.percent(null));
    }

    @Test
    void theIntervalLogCanBeReadBack(@TempDir final Path directory) throws IOException {
        final Path file = directory.resolve("deep").resolve("run.hlog");
        try (IntervalLog log = new IntervalLog(file, List.of("one", "t,w o"), "test", 1_700_000_000_000L)) {
            recorder.intervalLog(log);
            end(0, Status.OK, 10 * MS);
            log.write(1_000 * MS);
            end(1, Status.OK, 20 * MS);
            end(1, Status.OK, 30 * MS);
            end(1, Status.SHED, 30 * MS);
            log.write(2_000 * MS);
            log.write(3_000 * MS);
        }
        assertTrue(Files.size(file) > 0);
        try (HistogramLogReader reader = new HistogramLogReader(file.toFile())) {
            final EncodableHistogram first = reader.nextIntervalHistogram();
            assertEquals("one", first.getTag());
            assertEquals(1_700_000_000_000L, first.getStartTimeStamp());
            final org.HdrHistogram.Histogram second = (org.HdrHistogram.Histogram) reader.nextIntervalHistogram();
            assertEquals("t_w_o", second.getTag());
            assertEquals(2, second.getTotalCount());
            assertEquals(30.0 * MS, second.getMaxValue(), 0.1 * MS);
            assertNull(reader.nextIntervalHistogram());
        }
    }

    @Test
    void theEnvironmentNamesWhatMatters() {
        final Map<String, String> facts = Environment.capture();
        for (final String key : List.of("cpu", "cores", "os", "jdk", "jvmFlags", "commit")) {
            assertTrue(facts.containsKey(key), key);
        }
    }

    private void end(final int group, final Status status, final long latencyNs) {
        recorder.onOffered(group, 0);
        recorder.onEnded(group, status.value(), 0, latencyNs, SLO);
    }

    private static Summary.Run run() {
        return new Summary.Run(2_000 * MS, 3_000 * MS, 9, "load x", Map.of("k", "v"), true);
    }
}
