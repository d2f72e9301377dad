package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clockwork.controller.model.Model;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The policy's choices: which model, which batch, how far ahead, on which device; what is left over for the rest. */
class ScheduleTest {
    private static final long MS = 1_000_000L;
    private static final long HOP = 50_000L;

    private final PathRig rig = new PathRig(HOP);
    private final List<Model> models = new ArrayList<>();
    private RigWorker worker;
    private RigClient client;
    private long onAndOnNs;

    private void start(final int modelCount, final int devices) {
        rig.start();
        for (int i = 0; i < modelCount; i++) {
            models.add(rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET)));
        }
        worker = rig.worker(devices, 100, -77);
        for (int device = 0; device < devices; device++) {
            for (final Model model : models) {
                worker.hold(device, model);
            }
        }
        worker.join();
        client = rig.client(512);
    }

    private List<RigClient.Sent> ask(final int count, final Model model, final long sloNs) {
        final List<RigClient.Sent> sent = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sent.add(client.ask(model, sloNs));
        }
        return sent;
    }

    @Test
    void aBatchMayBePaddedWhenThatIsMoreEfficient() {
        start(1, 1);
        ask(31, models.get(0), 60 * MS);
        rig.runFor(100 * MS);
        assertEquals(List.of(16, 15), worker.batches);
        assertEquals(31, client.count(Status.OK));
    }

    @Test
    void theLargestBatchThatTheOldestDeadlineAllows() {
        rig.context.policy("paper");
        start(1, 1);
        ask(31, models.get(0), 60 * MS);
        rig.runFor(100 * MS);
        assertEquals(List.of(16, 8, 4, 2, 1), worker.batches);
        assertEquals(31, client.count(Status.OK));
        assertEquals(16, client.all.get(0).batchSize);
    }

    @Test
    void aTightDeadlineMakesTheBatchSmaller() {
        start(1, 1);
        final long forFour = 2 * HOP + PathRig.RESNET[2];
        ask(1, models.get(0), forFour);
        ask(15, models.get(0), 100 * MS);
        rig.runFor(100 * MS);
        assertEquals(4, worker.batches.get(0));
        worker.batches.clear();
        ask(1, models.get(0), forFour - 1);
        ask(15, models.get(0), 100 * MS);
        rig.runFor(100 * MS);
        assertEquals(2, worker.batches.get(0));
        assertEquals(32, client.count(Status.OK));
    }

    @Test
    void theModelThatMustStartSoonestGoesFirst() {
        start(3, 1);
        ask(1, models.get(0), 50 * MS);
        rig.cycle();
        final RigClient.Sent relaxed = client.ask(models.get(0), 60 * MS);
        final RigClient.Sent urgent = client.ask(models.get(2), 20 * MS);
        final RigClient.Sent middle = client.ask(models.get(1), 40 * MS);
        rig.runFor(100 * MS);
        assertTrue(urgent.endedNs < middle.endedNs && middle.endedNs < relaxed.endedNs);
    }

    @Test
    void equalUrgencyIsBrokenByTheModelsIndex() {
        start(3, 1);
        ask(1, models.get(1), 50 * MS);
        rig.cycle();
        ask(1, models.get(2), 50 * MS);
        ask(1, models.get(0), 50 * MS);
        rig.runFor(100 * MS);
        assertEquals(models.get(0).id + "", worker.starts.get(1).split(" ")[2]);
        assertEquals(models.get(2).id + "", worker.starts.get(2).split(" ")[2]);
    }

    @ParameterizedTest
    @CsvSource({"paper,5000000", "slack,1000000"})
    void workIsSentOnlySoFarAhead(final String policy, final long aheadNs) {
        rig.context.policy(policy);
        start(1, 1);
        final long sentNs = rig.nowNs;
        ask(16, models.get(0), 100 * MS);
        rig.cycle();
        ask(16, models.get(0), 100 * MS);
        final long leadNs = aheadNs + HOP;
        rig.runUntil(sentNs + HOP + PathRig.RESNET[4] - leadNs - 1);
        assertEquals(1, rig.path.figures().infers);
        rig.runFor(1);
        assertEquals(2, rig.path.figures().infers);
        rig.runFor(100 * MS);
        assertEquals(32, client.count(Status.OK));
        final long firstNs = Long.parseLong(worker.starts.get(0).split(" ")[1]);
        final long secondNs = Long.parseLong(worker.starts.get(1).split(" ")[1]);
        assertEquals(PathRig.RESNET[4], secondNs - firstNs, "no gap between batches");
    }

    @Test
    void refusedAsSoonAsTheDevicesPromisesAreInTheWay() {
        start(2, 1);
        ask(16, models.get(0), 100 * MS);
        rig.cycle();
        final long atNs = rig.nowNs;
        final long couldNs = HOP + PathRig.RESNET[4] + PathRig.RESNET[0] + HOP;
        final RigClient.Sent refused = client.ask(models.get(1), couldNs - 1);
        final RigClient.Sent met = client.ask(models.get(1), couldNs);
        rig.runFor(HOP);
        assertEquals(Status.DEADLINE_UNREACHABLE, refused.status);
        assertEquals(atNs + HOP, refused.endedNs);
        assertEquals(couldNs, refused.earliestNs);
        assertNull(met.status);
        rig.runFor(100 * MS);
        assertEquals(Status.OK, met.status);
        assertTrue(met.isInTime);
    }

    @Test
    void underOverloadNothingIsLateAndAllRefusalsComeBeforeTheirDeadline() {
        start(4, 1);
        for (int i = 0; i < 400; i++) {
            final Model model = models.get(i % 4);
            rig.at(rig.nowNs + i * 200_000L, () -> client.ask(model, 30 * MS));
        }
        rig.runFor(400 * MS);
        assertEquals(400, client.count(Status.OK) + client.count(Status.DEADLINE_UNREACHABLE));
        assertTrue(client.count(Status.OK) > 40, "goodput: " + client.count(Status.OK));
        assertTrue(client.count(Status.DEADLINE_UNREACHABLE) > 100);
        assertEquals(0, rig.path.figures().late);
        assertEquals(0, rig.path.figures().actionsFailed);
        for (final RigClient.Sent sent : client.all) {
            assertTrue(sent.status == Status.OK || sent.endedNs - HOP - sent.sentNs <= 30 * MS);
        }
    }

    @Test
    void devicesShareTheWork() {
        start(2, 4);
        for (int i = 0; i < 8; i++) {
            client.ask(models.get(i % 2), 2 * (HOP + PathRig.RESNET[0]) + MS);
            rig.cycle();
        }
        rig.runFor(50 * MS);
        assertEquals(8, client.count(Status.OK));
        assertEquals(8, worker.infers);
    }

    @Test
    void aHoldersBacklogMakesAReplica() {
        rig.context.policy("paper");
        rig.start();
        models.add(rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET)));
        worker = rig.worker(2, 100, 5);
        worker.hold(0, models.get(0));
        worker.join();
        client = rig.client(512);
        ask(64, models.get(0), 100 * MS);
        rig.runFor(20 * MS);
        assertEquals(0, worker.loads, "one device is enough for this in 100 ms");
        rig.runFor(200 * MS);
        ask(160, models.get(0), 100 * MS);
        rig.runFor(200 * MS);
        assertEquals(1, worker.loads);
        assertEquals(2, models.get(0).loadedOn);
        assertTrue(client.count(Status.OK) > 180, "" + client.count(Status.OK));
    }

    @Test
    void freePagesHoldFurtherCopiesOfModelsInUse() {
        rig.start();
        for (int i = 0; i < 3; i++) {
            models.add(rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET)));
        }
        worker = rig.worker(2, 20, 5);
        models.subList(0, 2).forEach(model -> worker.hold(0, model));
        worker.hold(1, models.get(2));
        worker.join();
        client = rig.client(512);
        ask(1, models.get(1), 100 * MS);
        ask(1, models.get(2), 100 * MS);
        rig.runFor(200 * MS);
        assertEquals(2, models.get(1).loadedOn, "there was room on the other device");
        assertEquals(1, models.get(0).loadedOn, "nobody asked for it");
        assertEquals(1, models.get(2).loadedOn, "there was no room, and none was made");
        assertEquals(0, rig.path.figures().unloads);
    }

    @ParameterizedTest
    @CsvSource({"paper,100", "slack,9"})
    void withoutDeadlineServedFromWhatIsLeftOver(final String policy, final long sloMs) {
        rig.context.policy(policy);
        start(2, 1);
        ask(1, models.get(0), 100 * MS);
        rig.cycle();
        final List<RigClient.Sent> background = ask(4, models.get(1), Protocol.NULL_NS);
        final List<RigClient.Sent> others = ask(2, models.get(0), sloMs * MS);
        rig.runFor(100 * MS);
        assertEquals(7, client.count(Status.OK));
        assertTrue(others.get(1).endedNs < background.get(0).endedNs);
        assertEquals(List.of(1, 2, 4), worker.batches);
        assertTrue(background.get(0).isInTime, "no deadline, nothing to be late for");
    }

    @ParameterizedTest
    @CsvSource({"paper,0", "slack,0", "slack,30000"})
    void memoryGoesRoundAmongModelsThatNeverPause(final String policy, final long sloMs) {
        onAndOnNs = sloMs == 0 ? Protocol.NULL_NS : sloMs * MS;
        rig.context.policy(policy);
        rig.start();
        for (int i = 0; i < 3; i++) {
            models.add(rig.register(rig.catalogue.artifact(3, 64, 32, rig.loadNs, PathRig.RESNET)));
        }
        worker = rig.worker(1, 5, 5);
        worker.join();
        client = rig.client(64);
        final int[] answered = new int[3];
        for (int i = 0; i < 6; i++) {
            askOnAndOn(i % 3, answered);
        }
        rig.runFor(30_000 * MS);
        for (final int one : answered) {
            assertTrue(one > 100, "starved: " + Arrays.toString(answered));
        }
        assertEquals(0, client.all.stream().filter(sent -> sent.status != null && sent.status != Status.OK).count());
    }

    /** A request, and the next when it has ended. */
    private void askOnAndOn(final int model, final int[] answered) {
        final RigClient.Sent sent = client.ask(models.get(model), onAndOnNs);
        rig.at(rig.nowNs + MS, () -> askAgain(sent, model, answered));
    }

    private void askAgain(final RigClient.Sent sent, final int model, final int[] answered) {
        if (sent.status == null) {
            rig.at(rig.nowNs + MS, () -> askAgain(sent, model, answered));
        } else {
            answered[model]++;
            askOnAndOn(model, answered);
        }
    }

    @Test
    void whatCanWaitForMoreOfItsKindLetsABatchWithoutDeadlineGoFirst() {
        start(2, 1);
        ask(1, models.get(0), 100 * MS);
        rig.cycle();
        final List<RigClient.Sent> background = ask(4, models.get(1), Protocol.NULL_NS);
        final List<RigClient.Sent> others = ask(2, models.get(0), 100 * MS);
        rig.runFor(100 * MS);
        assertTrue(background.get(0).endedNs < others.get(1).endedNs);
        assertTrue(others.get(0).isInTime && others.get(1).isInTime);
        assertEquals(List.of(1, 4, 2), worker.batches);
    }

    @Test
    void withoutDeadlineLeavesDevicesForThoseWithOne() {
        rig.context.agingNs(60_000 * MS);
        start(2, 3);
        final int count = 300;
        for (int i = 0; i < count; i++) {
            rig.at(rig.nowNs + i * 3 * MS, () -> client.ask(models.get(0), 3 * PathRig.RESNET[0]));
            rig.at(rig.nowNs + i * 3 * MS, () -> client.ask(models.get(1), Protocol.NULL_NS));
        }
        rig.runFor(2_000 * MS);
        assertEquals(2 * count, client.count(Status.OK));
        assertTrue(client.all.stream().allMatch(sent -> sent.isInTime), "two devices are enough for those with a deadline");
    }

    @Test
    void theLongestBackgroundBatchIsLimited() {
        rig.context.backgroundBatchNs(6 * MS);
        start(1, 1);
        ask(16, models.get(0), Protocol.NULL_NS);
        rig.runFor(100 * MS);
        assertEquals(List.of(4, 4, 4, 4), worker.batches);
    }

    @Test
    void agingGivesThemASmallShareOfABusyDevice() {
        final int[] alone = runBusyDevice(0, 50 * MS);
        final int[] unaged = runBusyDevice(60, 10_000 * MS);
        final int[] aged = runBusyDevice(60, 50 * MS);
        assertTrue(unaged[1] <= 16, "one batch, before it was known how busy the device would be: " + unaged[1]);
        assertTrue(unaged[0] >= alone[0] - 32, "a batch takes the time of one: " + unaged[0] + " of " + alone[0]);
        assertTrue(aged[1] >= 8, "starved: " + aged[1]);
        assertTrue(aged[0] > alone[0] * 0.85, "a share only: " + aged[0] + " of " + alone[0]);
    }

    /** Answers with and without deadline in 450 ms of four times what the device can do. */
    private static int[] runBusyDevice(final int background, final long agingNs) {
        final ScheduleTest test = new ScheduleTest();
        test.rig.context.agingNs(agingNs);
        test.start(4, 1);
        for (int i = 0; i < 2_000; i++) {
            final Model model = test.models.get(i % 3);
            test.rig.at(test.rig.nowNs + i * 250_000L, () -> test.client.ask(model, 40 * MS));
        }
        test.rig.runFor(MS);
        final List<RigClient.Sent> others = test.ask(background, test.models.get(3), Protocol.NULL_NS);
        test.rig.runFor(450 * MS);
        final int answered = (int) others.stream().filter(sent -> sent.status == Status.OK).count();
        return new int[] {test.client.count(Status.OK) - answered, answered};
    }

    @Test
    void oneOutlierDoesNotCloseAModelForGood() {
        start(1, 1);
        models.get(0).artifact.profile.recordExecute(0, 500 * MS);
        final RigClient.Sent sent = client.ask(models.get(0), 50 * MS);
        rig.runFor(50 * MS);
        assertEquals(Status.OK, sent.status, "an idle device tries with the least of late");
        final RigClient.Sent hopeless = client.ask(models.get(0), 2 * MS);
        rig.runFor(50 * MS);
        assertEquals(Status.DEADLINE_UNREACHABLE, hopeless.status);
    }

    @Test
    void aWorkerThatFallsSilentGetsNothingMoreAndAnotherServes() {
        rig.start();
        models.add(rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET)));
        for (int i = 0; i < 2; i++) {
            rig.worker(1, 100, i).hold(0, models.get(0));
            rig.workers.get(i).join();
        }
        client = rig.client(64);
        rig.workers.get(0).fault = (kind, id) -> null;
        for (int i = 0; i < 50; i++) {
            rig.at(rig.nowNs + i * 4 * MS, () -> client.ask(models.get(0), 30 * MS));
        }
        rig.runFor(1_000 * MS);
        assertTrue(client.count(Status.OK) >= 45, "" + client.count(Status.OK));
        assertTrue(client.count(Status.ACTION_TIMED_OUT) >= 1);
        assertEquals(50, client.count(Status.OK) + client.count(Status.ACTION_TIMED_OUT)
            + client.count(Status.DEADLINE_UNREACHABLE));
    }

    @Test
    void moreThanADeviceMayHoldOutstandingWaits() {
        rig.context.maxOutstanding(2);
        rig.executeNs = new long[] {10_000, 20_000, 40_000, 80_000, 160_000};
        rig.start();
        models.add(rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, 10_000)));
        worker = rig.worker(1, 100, 5);
        worker.hold(0, models.get(0));
        worker.join();
        client = rig.client(64);
        ask(10, models.get(0), 50 * MS);
        rig.cycle();
        assertEquals(2, rig.path.figures().infers);
        rig.runFor(20 * MS);
        assertEquals(10, client.count(Status.OK));
    }
}
