package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.telemetry.Telemetry;
import org.clockwork.controller.telemetry.TelemetryWriter;
import org.clockwork.schema.Protocol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written down of a run agrees with the run. */
class TelemetryTest {
    private static final long MS = 1_000_000L;

    @TempDir
    Path directory;

    private final Telemetry telemetry = new Telemetry(true, true);
    private final PathRig rig = new PathRig(50_000);
    private Model model;
    private RigClient client;

    private void run() {
        rig.context.observer(telemetry);
        rig.start();
        model = rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET));
        rig.worker(1, 100, 12_345).join();
        client = rig.client(8);
        client.ask(model, 100 * MS);
        rig.runFor(50 * MS);
        client.ask(model, Protocol.NULL_NS);
        rig.runFor(50 * MS);
        client.ask(model, 1);
        client.ask(model, 0);
        rig.runFor(50 * MS);
    }

    private TelemetryWriter writer() throws IOException {
        return new TelemetryWriter(telemetry, () -> rig.nowNs / MS,
            directory.resolve("phases.hlog"), directory.resolve("requests.csv"), directory.resolve("actions.csv"), 10);
    }

    @Test
    void intervalLogHoldsEachPhase() throws IOException {
        final TelemetryWriter writer = writer();
        run();
        while (writer.doWork() > 0) {
            rig.nowNs++;
        }
        writer.onClose();
        writer.onClose();
        final Map<String, Histogram> phases = new HashMap<>();
        final HistogramLogReader reader = new HistogramLogReader(new File(directory.toFile(), "phases.hlog"));
        for (EncodableHistogram next = reader.nextIntervalHistogram(); next != null; next = reader.nextIntervalHistogram()) {
            phases.merge(next.getTag(), (Histogram) next, (a, b) -> {
                a.add(b);
                return a;
            });
        }
        assertEquals(2, phases.get("total").getTotalCount());
        assertEquals(1, phases.get("load").getTotalCount(), "cold ones only");
        assertEquals(8.32 * MS, phases.get("load").getMaxValue(), MS / 100.0);
        assertEquals(2.73 * MS, phases.get("execute").getMaxValue(), MS / 100.0);
        assertEquals(2 * rig.hopNs, phases.get("network").getMaxValue(), 1000.0);
        assertEquals(0, writer.dropped());
    }

    @Test
    void requestLogHasOneLineForEachRequest() throws IOException {
        final TelemetryWriter writer = writer();
        run();
        writer.doWork();
        writer.onClose();
        final List<String> lines = Files.readAllLines(directory.resolve("requests.csv"));
        assertEquals(5, lines.size());
        final String[] names = lines.get(0).split(",");
        final String[] cold = lines.get(1).split(",");
        assertEquals(names.length, cold.length);
        assertEquals("OK", cold[4]);
        assertEquals("1", cold[8]);
        assertEquals(rig.loadNs + "", cold[10]);
        assertEquals("", lines.get(2).split(",")[6], "no deadline");
        assertEquals("INVALID_SLO", lines.get(3).split(",")[4]);
        assertEquals("DEADLINE_UNREACHABLE", lines.get(4).split(",")[4]);
    }

    @Test
    void actionLogHasThePredictionBesideTheMeasurement() throws IOException {
        final TelemetryWriter writer = writer();
        run();
        writer.doWork();
        writer.onClose();
        final List<String> lines = Files.readAllLines(directory.resolve("actions.csv"));
        assertEquals(4, lines.size());
        final List<String> names = List.of(lines.get(0).split(","));
        final String[] load = lines.get(1).split(",");
        final String[] infer = lines.get(2).split(",");
        assertEquals("LOAD", load[names.indexOf("kind")]);
        assertEquals("INFER", infer[names.indexOf("kind")]);
        assertEquals(infer[names.indexOf("predictedStartNs")], infer[names.indexOf("startNs")]);
        assertEquals(infer[names.indexOf("expectedNs")], infer[names.indexOf("measuredNs")]);
        assertEquals(infer[names.indexOf("predictedEndNs")], infer[names.indexOf("endNs")]);
        assertEquals("1", infer[names.indexOf("requests")]);
    }

    @Test
    void onlyWhatIsRecordedCanBeWritten() {
        final Telemetry bare = new Telemetry(false, false);
        assertThrows(IllegalArgumentException.class,
            () -> new TelemetryWriter(bare, () -> 0, null, directory.resolve("r"), null, 10));
        assertThrows(IllegalArgumentException.class,
            () -> new TelemetryWriter(bare, () -> 0, null, null, directory.resolve("a"), 10));
        assertTrue(Files.notExists(directory.resolve("r")));
    }

    @Test
    void aTelemetryHasOneWriter() throws IOException {
        writer().onClose();
        assertThrows(IllegalStateException.class, this::writer);
    }
}
