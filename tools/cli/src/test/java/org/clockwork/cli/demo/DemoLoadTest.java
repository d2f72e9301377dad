package org.clockwork.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.clockwork.cli.run.IdleMode;
import org.clockwork.cli.run.ThreadingMode;
import org.clockwork.cli.run.ThreadingPlan;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.ProfilePoint;
import org.clockwork.client.TensorInfo;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;

/** The default load follows from the measured profiles. */
class DemoLoadTest {
    private static final long MS = 1_000_000L;

    @Test
    void theShareOfTheEngineIsWhatTheRowsAskFor() {
        final DemoLoad load = load(null);
        assertEquals(0.30 / 0.010 + 0.20 / 0.002, load.defaultRatePerS(), 1e-9);
        assertEquals(load.defaultRatePerS(), load.ratePerS(), 1e-9);
        assertEquals(0.50, load.demandedShare(), 1e-9);
    }

    @Test
    void aRateIsSpreadOverTheRowsAsByDefault() {
        final DemoLoad load = load(1_300.0);
        assertEquals(1_300.0, load.ratePerS(), 1e-6);
        assertEquals(300.0, load.rate(load.rows().get(0)), 1e-6);
        assertEquals(1_000.0, load.rate(load.rows().get(1)), 1e-6);
        assertEquals(5.0, load.demandedShare(), 1e-9);
    }

    @Test
    void capacityUsesTheBestBatchSizes() {
        // 30 of 130 requests take 10 ms each, 100 of 130 take 4 ms in batches of 4.
        assertEquals(1e9 / ((30.0 * 10 * MS + 100.0 * 1 * MS) / 130.0), load(null).capacityPerS(), 1e-6);
    }

    @Test
    void eachRowIsAStreamWithItsGroup() {
        final List<LoadStream> streams = load(null).streams();
        assertEquals(2, streams.size());
        assertEquals(2, streams.get(1).modelCount());
        assertEquals(100 * MS, streams.get(0).sloNs());
        assertTrue(load(null).text().contains("50 %"), load(null).text());
    }

    private static DemoLoad load(final Double rate) {
        final DemoRow slow = row("slow", 1, 0.30, List.of(new ProfilePoint(1, 10 * MS)));
        final DemoRow quick = row("quick", 2, 0.20, List.of(new ProfilePoint(1, 2 * MS), new ProfilePoint(4, 4 * MS)));
        return new DemoLoad(List.of(slow, quick), new DemoOptions(
            1, rate, 100 * MS, 1, 1, null, null,
            ThreadingPlan.choose(ThreadingMode.AUTO, IdleMode.AUTO, 2, 3, 2), "test", false,
            DemoOptions.Device.CPU));
    }

    private static DemoRow row(final String name, final int count, final double share, final List<ProfilePoint> profile) {
        final DemoModel model = new DemoModel(
            name, "test", count, Path.of("none"), Map.of(), ArrivalPattern.SUSTAINED, share, List.of(), null);
        final ModelInfo info = new ModelInfo(
            7, name, 1, ModelState.READY, Status.OK, "", 1, 1, 4, 0, Protocol.NULL_NS, MS, "", "", "", profile,
            List.of(new TensorInfo("x", DataType.FLOAT32, 3 * 8 * 8 * 4, "3x8x8")),
            List.of(new TensorInfo("y", DataType.FLOAT32, 40, "10")));
        return new DemoRow(model, java.util.Collections.nCopies(count, info), 4, 1);
    }
}
