package org.clockwork.device.emulated;

import static org.junit.jupiter.api.Assertions.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;

/** What varies: jitter, faults and the sharing of the bus; and that the hot path allocates nothing. */
final class VariationTest {
    private static final long MS = Fixture.MS;

    @Test
    void executionsVaryAsLittleAsTheRealOnesDid() {
        final long[] durations = executions(new Fixture(varied(3)), 400_000);
        Arrays.sort(durations);
        final double median = durations[durations.length / 2];
        final double p9999 = durations[(int) (durations.length * 0.9999)];
        assertEquals(5.0 * MS, median, 0.00001 * 5 * MS);
        assertTrue(p9999 / median > 1.0002 && p9999 / median < 1.0003, "p99.99 is " + p9999 / median);
        final long outliers = Arrays.stream(durations).filter(ns -> ns > 1.9 * median).count();
        assertTrue(outliers >= 1 && outliers <= 14, "expected about 4 outliers, got " + outliers);
        assertTrue(durations[durations.length - 1] < 2.01 * median);
    }

    @Test
    void theSeedDecidesEverythingAndDevicesDiffer() {
        assertArrayEquals(executions(new Fixture(varied(3)), 1000), executions(new Fixture(varied(3)), 1000));
        assertFalse(Arrays.equals(executions(new Fixture(varied(3)), 1000), executions(new Fixture(varied(4)), 1000)));
        assertNotEquals(SplitMix64.stream(1, 0, 1).nextLong(), SplitMix64.stream(1, 1, 1).nextLong());
        assertNotEquals(SplitMix64.stream(1, 0, 1).nextLong(), SplitMix64.stream(1, 0, 2).nextLong());
    }

    @Test
    void theGeneratorIsTheNamedOne() {
        final SplitMix64 random = new SplitMix64(1234567);
        assertEquals(6457827717110365317L, random.nextLong());
        assertEquals(3203168211198807973L, random.nextLong());
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < 100_000; i++) {
            final double gaussian = random.nextGaussian();
            sum += gaussian;
            squares += gaussian * gaussian;
        }
        assertEquals(0, sum / 100_000, 0.02);
        assertEquals(1, squares / 100_000, 0.02);
    }

    @Test
    void inputsFirstLetALoadPauseForThem() {
        final Fixture fixture = new Fixture(Fixture.exact().pcieSharing(PcieSharing.INPUTS_FIRST));
        final long nowNs = fixture.loaded(7, "one", 0);
        final Operation load = fixture.load(8, "three", nowNs);
        final Operation infer = fixture.infer(7, 4, nowNs + 10);
        assertEquals(nowNs + 10 + 4000 + 5 * MS + 2000, fixture.device.nextWakeNs());
        fixture.poll(nowNs + 7 * MS);
        assertEquals(nowNs + 10, infer.startNs);
        assertEquals(0, fixture.poll(nowNs + 8 * MS + 4000 - 1));
        assertEquals(1, fixture.poll(nowNs + 8 * MS + 4000));
        assertEquals(8 * MS + 4000, load.executeNs);

        final long againNs = nowNs + 100 * MS;
        fixture.infer(7, 4, againNs);
        final Operation second = fixture.load(9, "three", againNs + 1);
        fixture.poll(againNs + 50 * MS);
        assertEquals(againNs + 4000, second.startNs);
        assertEquals(againNs + 4000 + 8 * MS, second.endNs);
    }

    @Test
    void firstComeMakesAnInputWaitForALoad() {
        final Fixture fixture = new Fixture(Fixture.exact().pcieSharing(PcieSharing.FIRST_COME));
        final long nowNs = fixture.loaded(7, "one", 0);
        fixture.load(8, "three", nowNs);
        final Operation inTime = fixture.inferOperation(7, 1);
        inTime.latestNs = nowNs + 8 * MS;
        fixture.started(inTime, nowNs + 1);
        final Operation late = fixture.inferOperation(7, 1);
        late.latestNs = nowNs + 8 * MS + 1000 - 1;
        fixture.started(late, nowNs + 2);
        assertEquals(nowNs + 8 * MS, fixture.device.nextWakeNs());
        fixture.poll(nowNs + 50 * MS);
        assertEquals(DeviceStatus.OK, inTime.status);
        assertEquals(nowNs + 8 * MS, inTime.startNs);
        assertEquals(DeviceStatus.TOO_LATE, late.status);
    }

    @Test
    void aLostDeviceEndsEverythingOnce() {
        final Fixture fixture = new Fixture(Fixture.exact());
        final long nowNs = fixture.loaded(7, "one", 0);
        final Operation done = fixture.infer(7, 1, nowNs);
        final Operation running = fixture.infer(7, 1, nowNs);
        final Operation loading = fixture.load(8, "three", nowNs);
        final long lostNs = nowNs + 3 * MS;
        fixture.device.lose(lostNs);
        assertTrue(fixture.device.isLost());
        assertEquals(3, fixture.poll(lostNs));
        assertEquals(DeviceStatus.OK, done.status);
        assertEquals(DeviceStatus.DEVICE_LOST, running.status);
        assertEquals(DeviceStatus.DEVICE_LOST, loading.status);
        final Operation after = fixture.infer(7, 1, lostNs + 1);
        assertEquals(1, fixture.poll(lostNs + 1));
        assertEquals(DeviceStatus.DEVICE_LOST, after.status);
        assertEquals(0, fixture.poll(lostNs + 100 * MS));
        assertEquals(Long.MAX_VALUE, fixture.device.nextWakeNs());
    }

    @Test
    void faultsAreInjectedWhereTheGeneratorsSay() {
        final List<Long> asked = new ArrayList<>();
        final Fixture fixture = new Fixture(Fixture.exact()
            .failure((index, operation, nowNs) -> operation.actionId == 1 ? "Broken on purpose." : null)
            .slowness((index, operation, nowNs) -> operation.actionId == 2 ? 3.0 : 1.0)
            .loss((index, operation, nowNs) -> {
                asked.add(operation.actionId);
                return operation.actionId == 4;
            }));
        final Operation failedLoad = fixture.loadOperation(7, "three");
        failedLoad.actionId = 1;
        fixture.started(failedLoad, 0);
        assertEquals(7, fixture.device.freePages());
        assertEquals(0, fixture.poll(8 * MS - 1), "a failure takes its time");
        assertEquals(1, fixture.poll(8 * MS));
        assertEquals(DeviceStatus.FAILED, failedLoad.status);
        assertEquals("Broken on purpose.", failedLoad.detail);
        assertEquals(10, fixture.device.freePages());
        final Operation slowLoad = fixture.loadOperation(7, "three");
        slowLoad.actionId = 2;
        fixture.started(slowLoad, 10 * MS);
        assertEquals(34 * MS, fixture.device.nextWakeNs());
        fixture.poll(34 * MS);
        final Operation fatal = fixture.inferOperation(7, 1);
        fatal.actionId = 4;
        fixture.started(fatal, 40 * MS);
        fixture.poll(40 * MS);
        assertEquals(DeviceStatus.DEVICE_LOST, fatal.status);
        assertEquals(List.of(1L, 2L, 4L), asked);
    }

    @Test
    void randomFaultsComeFromTheirSeed() {
        final Faults.Failure one = Faults.Failure.random(5, 0.5);
        final Faults.Failure two = Faults.Failure.random(5, 0.5);
        int failures = 0;
        for (int i = 0; i < 1000; i++) {
            final String failure = one.failureOf(0, null, i);
            assertEquals(failure, two.failureOf(0, null, i));
            failures += failure == null ? 0 : 1;
        }
        assertTrue(failures > 400 && failures < 600);
        assertFalse(Faults.Loss.random(1, 0).isLost(0, null, 0));
        assertTrue(Faults.Loss.random(1, 1).isLost(0, null, 0));
        assertEquals(4.0, Faults.Slowness.random(1, 1, 4).factorOf(0, null, 0));
    }

    @Test
    void steadyStateAllocatesNothing() {
        final Fixture fixture = new Fixture(varied(1));
        long nowNs = fixture.loaded(7, "one", 0);
        final Operation infer = fixture.inferOperation(7, 4);
        final Operation load = fixture.loadOperation(8, "three");
        final Operation unload = Fixture.operation(Operation.Kind.UNLOAD, 8);
        final EmulatedDevice device = fixture.device;
        final int[] completed = new int[1];
        final org.clockwork.device.Device.CompletionHandler handler = operation -> completed[0]++;
        final long[] now = {nowNs};
        final Runnable cycles = () -> {
            for (int i = 0; i < 20_000; i++) {
                device.start(infer, now[0]);
                device.start(load, now[0]);
                while (device.nextWakeNs() != Long.MAX_VALUE) {
                    now[0] = device.nextWakeNs();
                    device.poll(handler, now[0]);
                }
                device.start(unload, now[0]);
                device.poll(handler, now[0]);
            }
        };
        cycles.run();
        completed[0] = 0;
        final long bytes = Allocation.bytesOf(cycles);
        assertTrue(bytes < 1000, "60,000 operations allocated " + bytes + " bytes (the measurement itself may take some)");
        assertEquals(60_000, completed[0]);
    }

    private static EmulatedContext varied(final long seed) {
        return Fixture.exact().executeJitter(EmulatedContext.JITTER_DEFAULT).loadJitter(EmulatedContext.JITTER_DEFAULT)
            .outliers(EmulatedContext.OUTLIER_PROBABILITY_DEFAULT, EmulatedContext.OUTLIER_FACTOR_DEFAULT).seed(seed);
    }

    private static long[] executions(final Fixture fixture, final int count) {
        long nowNs = fixture.loaded(7, "one", 0);
        final Operation operation = fixture.inferOperation(7, 4);
        final long[] durations = new long[count];
        for (int i = 0; i < count; i++) {
            fixture.started(operation, nowNs);
            nowNs = fixture.device.nextWakeNs();
            fixture.device.poll(done -> { }, nowNs);
            durations[i] = operation.executeNs;
        }
        return durations;
    }
}
