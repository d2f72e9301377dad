package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.controller.model.Model;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models with so many copies that a request can't be announced to each: all devices work for them all the same. */
class WideModelTest {
    private static final long MS = 1_000_000L;
    private static final long HOP = 50_000L;
    private static final int DEVICES = 24;

    private final PathRig rig = new PathRig(HOP);
    private final List<Model> models = new ArrayList<>();
    private RigWorker worker;
    private RigClient client;

    private void start(final String policy, final int modelCount, final int devices) {
        rig.context.policy(policy);
        rig.start();
        for (int i = 0; i < modelCount; i++) {
            models.add(rig.register(rig.catalogue.artifact(7, 64, 32, rig.loadNs, PathRig.RESNET[0])));
        }
        worker = rig.worker(devices, 100, 3);
        for (int device = 0; device < devices; device++) {
            for (final Model model : models) {
                worker.hold(device, model);
            }
        }
        worker.join();
        client = rig.client(4_096);
    }

    /** Requests at once, enough to keep all devices busy for a while. */
    @ParameterizedTest
    @ValueSource(strings = {"paper", "slack"})
    void nobodyIdlesWhileSomethingWaits(final String policy) {
        start(policy, 2, DEVICES);
        final int rounds = 10;
        final long fromNs = rig.nowNs;
        for (int i = 0; i < rounds * DEVICES; i++) {
            client.ask(models.get(i % 2), 100 * MS);
        }
        rig.runFor(100 * MS);
        assertEquals(rounds * DEVICES, client.count(Status.OK));
        final long lastNs = client.all.stream().mapToLong(sent -> sent.endedNs).max().orElseThrow();
        final long idealNs = rounds * PathRig.RESNET[0];
        assertTrue(lastNs - fromNs < idealNs * 5 / 4, "took " + (lastNs - fromNs) + " of " + idealNs);
    }

    /** One request at a time, each with little time to spare: some device is free, and it is found. */
    @ParameterizedTest
    @ValueSource(strings = {"paper", "slack"})
    void aFreeDeviceIsFound(final String policy) {
        start(policy, 2, DEVICES);
        final int count = 2_000;
        final long everyNs = PathRig.RESNET[0] * 10 / (7 * DEVICES);
        for (int i = 0; i < count; i++) {
            final Model model = models.get(i % 2);
            rig.at(rig.nowNs + i * everyNs, () -> client.ask(model, 2 * PathRig.RESNET[0]));
        }
        rig.runFor(count * everyNs + 10 * MS);
        assertEquals(count, client.count(Status.OK), "70 % of what the devices can do");
        assertEquals(0, rig.path.figures().late);
    }

    @ParameterizedTest
    @ValueSource(strings = {"paper", "slack"})
    void inOverloadTheRestIsRefusedBeforeItsDeadline(final String policy) {
        start(policy, 2, DEVICES);
        final int count = 2_000;
        final long everyNs = PathRig.RESNET[0] / (2 * DEVICES);
        for (int i = 0; i < count; i++) {
            final Model model = models.get(i % 2);
            rig.at(rig.nowNs + i * everyNs, () -> client.ask(model, 20 * MS));
        }
        rig.runFor(count * everyNs + 50 * MS);
        assertEquals(count, client.count(Status.OK) + client.count(Status.DEADLINE_UNREACHABLE));
        assertTrue(client.count(Status.OK) > count * 45 / 100, "goodput " + client.count(Status.OK));
        assertEquals(0, rig.path.figures().late);
        for (final RigClient.Sent sent : client.all) {
            assertTrue(sent.status == Status.OK || sent.endedNs - HOP - sent.sentNs <= 20 * MS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"paper", "slack"})
    void withoutDeadlineAllDevicesHelp(final String policy) {
        start(policy, 1, DEVICES);
        final int rounds = 10;
        final long fromNs = rig.nowNs;
        for (int i = 0; i < rounds * DEVICES; i++) {
            client.ask(models.get(0), Protocol.NULL_NS);
        }
        rig.runFor(200 * MS);
        assertEquals(rounds * DEVICES, client.count(Status.OK));
        final long lastNs = client.all.stream().mapToLong(sent -> sent.endedNs).max().orElseThrow();
        assertTrue(lastNs - fromNs < rounds * PathRig.RESNET[0] * 3 / 2, "took " + (lastNs - fromNs));
    }

    /** Devices leave until the model is not wide any more, and those that stay go on. */
    @ParameterizedTest
    @ValueSource(strings = {"paper", "slack"})
    void whenDevicesLeaveTheOthersServe(final String policy) {
        start(policy, 1, 6);
        final RigWorker leaving = rig.worker(6, 100, -3);
        for (int device = 0; device < 6; device++) {
            leaving.hold(device, models.get(0));
        }
        leaving.join();
        final int count = 400;
        for (int i = 0; i < count; i++) {
            rig.at(rig.nowNs + i * MS, () -> client.ask(models.get(0), 20 * MS));
        }
        rig.at(rig.nowNs + 100 * MS, () -> rig.lose(leaving));
        rig.runFor(500 * MS);
        assertEquals(6, models.get(0).loadedOn);
        assertTrue(client.count(Status.OK) >= count - 12, "only what was in flight may be lost: " + client.count(Status.OK));
    }
}
