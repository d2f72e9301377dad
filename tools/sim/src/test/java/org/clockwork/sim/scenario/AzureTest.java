package org.clockwork.sim.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clockwork.device.emulated.ProfileTable;
import org.clockwork.loadgen.MixedArrivals;
import org.clockwork.loadgen.Outcome;
import org.clockwork.sim.check.Check;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The mix of serverless functions, what it needs, and a small run of it. */
class AzureTest {
    private static final long SLO_NS = 100_000_000L;

    @TempDir
    private Path directory;

    @Test
    void theLawIsAsHeavyAsItSays() {
        final double[] shares = FunctionMix.builtIn(4_026).shares();
        assertEquals(1.0, Arrays.stream(shares).sum(), 1e-9);
        for (int i = 1; i < shares.length; i++) {
            assertTrue(shares[i] <= shares[i - 1], "sorted");
        }
        assertEquals(0.997, Arrays.stream(shares, 0, (int) (0.186 * shares.length)).sum(), 0.001);
        assertEquals(shares[0], shares[1], 1e-12, "the ten largest functions are alike");
        assertTrue(shares[2] < shares[1]);
    }

    @Test
    void everyFifthMinuteIsASpikeAndATenthComesFromTimers() {
        final MixedArrivals arrivals = FunctionMix.builtIn(40).arrivals(100, 1);
        final int[] counts = new int[10];
        while (arrivals.dueNs() < 10 * MixedArrivals.MINUTE_NS) {
            counts[(int) (arrivals.dueNs() / MixedArrivals.MINUTE_NS)]++;
            arrivals.advance();
        }
        for (int minute = 0; minute < 10; minute++) {
            assertEquals(minute % 5 == 1 ? 7_200 : 5_700, counts[minute], 300, "minute " + minute);
        }
        assertEquals(60_000, Arrays.stream(counts).sum(), 900);
    }

    @Test
    void aTraceIsDrawnFromSortedAndShifted() throws IOException {
        final Path file = directory.resolve("trace.csv");
        Files.write(file, List.of("HashOwner,HashApp,HashFunction,Trigger,1,2,3", "a,b,c,http,0,6,0", "a,b,d,timer,1,1,1"));
        final double[] shares = FunctionMix.trace(file, 50, 3).shares();
        assertEquals(1.0, Arrays.stream(shares).sum(), 1e-9);
        assertEquals(2.0, shares[0] / shares[49], 1e-9, "six a day beside three");
        final MixedArrivals arrivals = FunctionMix.trace(file, 50, 3).arrivals(10, 1);
        for (int i = 0; i < 3_000; i++) {
            assertTrue(arrivals.next(arrivals.dueNs()) < 50);
            arrivals.advance();
        }
        assertTrue(arrivals.dueNs() > 3 * MixedArrivals.MINUTE_NS);
    }

    @Test
    void aWrongTraceIsToldOfWithItsLine() throws IOException {
        final Path file = directory.resolve("trace.csv");
        Files.write(file, List.of("HashOwner,HashApp,HashFunction,Trigger,1,2", "a,b,c,http,0,6", "a,b,d,timer,1"));
        assertTrue(refusalOf(file).contains("line 3"));
        Files.write(file, List.of("HashOwner,HashApp,HashFunction,Trigger,1,2", "a,b,c,http,0,x"));
        assertTrue(refusalOf(file).contains("line 2"));
        Files.write(file, List.of("HashOwner"));
        assertTrue(refusalOf(file).contains("no functions"));
    }

    private static String refusalOf(final Path file) {
        return assertThrows(IllegalArgumentException.class, () -> FunctionMix.trace(file, 1, 1)).getMessage();
    }

    @Test
    void theNeedLiesBetweenSinglesAndFullBatches() {
        final SimOptions system = new SimOptions();
        final Kind kind = new Kind(ProfileTable.published().find(Kind.RESNET50), system);
        assertEquals(kind.executeNs(1), FluidNeed.leastNs(kind, 0.1, SLO_NS), 0.0, "too rare for a batch");
        assertEquals(kind.executeNs(16) / 16.0, FluidNeed.leastNs(kind, 10_000, SLO_NS), 1e-6, "full batches");
        double before = Double.POSITIVE_INFINITY;
        for (double rate = 1; rate < 1_000; rate *= 1.1) {
            final double leastNs = FluidNeed.leastNs(kind, rate, SLO_NS);
            assertTrue(leastNs <= before, "a higher rate makes no request dearer");
            before = leastNs;
        }
        assertEquals(2 * 1_000 * kind.executeNs(16) / 16e9,
            FluidNeed.gpus(new Kind[] {kind, kind}, new double[] {1_000, 1_000}, SLO_NS), 1e-9);
    }

    @Test
    void eachMinuteOfATraceHasItsOwnRates() throws IOException {
        final Path file = directory.resolve("trace.csv");
        Files.write(file, List.of("HashOwner,HashApp,HashFunction,Trigger,1,2,3", "a,b,c,http,0,6,0", "a,b,d,timer,1,1,1"));
        final FunctionMix functions = FunctionMix.trace(file, 50, 3);
        for (int minute = 0; minute < 10; minute++) {
            final double expected = minute % 5 == 1 ? 120 : 95;
            assertEquals(expected, Arrays.stream(functions.rates(100, minute)).sum(), 1e-9, "minute " + minute);
        }
        assertTrue(Math.abs(functions.rates(100, 0)[0] - functions.rates(100, 2)[0]) > 0.5, "shifted by minutes of their own");
        final double[] spike = FunctionMix.builtIn(50).rates(100, 1);
        assertEquals(1.2 * FunctionMix.builtIn(50).rates(100)[7], spike[7], 1e-9, "all alike without a trace");
    }

    @Test
    void aTraceOfADayRunsAsAWhole() throws IOException {
        final ScenarioOptions options = smallRun();
        options.trace = directory.resolve("day.csv");
        Files.write(options.trace, day(200));
        final ScenarioReport report = new ScenarioRunner(new Azure(), options, line -> { }, () -> 0).run();
        final CaseResult result = report.results().get(0);
        assertServed(options, report, result);
        final double need = result.metrics().stream().filter(metric -> "worst".equals(metric.name())).findFirst().orElseThrow()
            .value();
        assertTrue(need > 1 && need < 4, report::text);
    }

    /** A day of so many functions, few of which make most of the requests, a third by timers. */
    private static List<String> day(final int functions) {
        final StringBuilder head = new StringBuilder("HashOwner,HashApp,HashFunction,Trigger");
        for (int minute = 1; minute <= 1_440; minute++) {
            head.append(',').append(minute);
        }
        final List<String> lines = new ArrayList<>(List.of(head.toString()));
        for (int i = 0; i < functions; i++) {
            final StringBuilder line = new StringBuilder("owner,app,function" + i + (i % 3 == 0 ? ",timer" : ",http"));
            for (int minute = 0; minute < 1_440; minute++) {
                line.append(',').append(i % 3 == 0 ? minute % (1 + i) == 0 ? 1 : 0 : (minute + 37 * i) % 60 * 40 / (1 + i * i));
            }
            lines.add(line.toString());
        }
        return lines;
    }

    @Test
    void halfOfWhatTheDevicesCanDoIsServed() {
        final ScenarioOptions options = smallRun();
        final ScenarioReport report = new ScenarioRunner(new Azure(), options, line -> { }, () -> 0).run();
        assertServed(options, report, report.results().get(0));
    }

    private static ScenarioOptions smallRun() {
        final ScenarioOptions options = new ScenarioOptions();
        options.gpus = 4;
        options.models = List.of(120);
        options.rates = List.of(800.0);
        options.warmupNs = 2_000_000_000L;
        options.requests = 4_000L;
        return options;
    }

    private static void assertServed(final ScenarioOptions options, final ScenarioReport report, final CaseResult result) {
        assertEquals(5_000_000_000L, options.durationNs);
        assertTrue(report.text().contains("need"));
        for (final Check check : Check.values()) {
            if (check != Check.REFUSAL) {
                assertEquals(0, options.system.checkLog.wrong(check), options.system.checkLog::text);
            }
        }
        assertEquals(0, options.system.checkLog.refusedByPolicy());
        assertEquals(3_800, result.recorder().offered(), 300);
        assertTrue(result.score() > 0.99, report::text);
        assertEquals(0, result.recorder().count(Outcome.LATE));
    }
}
