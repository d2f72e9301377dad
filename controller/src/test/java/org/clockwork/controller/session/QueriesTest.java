package org.clockwork.controller.session;

import static org.clockwork.controller.TestBed.MS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.ScriptedClient;
import org.clockwork.controller.ScriptedPeer;
import org.clockwork.controller.ScriptedWorker;
import org.clockwork.controller.TestBed;
import org.clockwork.controller.storage.MemoryFiles;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.DeviceEntryDecoder;
import org.clockwork.schema.codec.ModelEntryDecoder;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.QueryEndDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.StatusReportDecoder;
import org.clockwork.schema.codec.WorkerEntryDecoder;
import org.clockwork.schema.codec.WorkerPhase;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Questions of clients, answered in pieces as their lanes take them, and what they are told unasked. */
final class QueriesTest {
    private static final int MANY = 3_000;

    private final TestBed bed = new TestBed(context -> context.build("1.2.3"), new MemoryFiles(),
        new MemoryNetwork.Context().controlCapacity(128 * 1024));
    private final ScriptedClient client = bed.connected();

    @AfterEach
    void nothingWentWrong() {
        assertTrue(bed.errors.isEmpty(), bed.errors.toString());
    }

    @Test
    void aListIsInTheOrderOfTheTableAndEndsWithItsCount() {
        client.registerProfile("b", 1, "x");
        client.registerProfile("a", 2, "y");
        client.registerProfile("c", 1, "x");
        bed.run(0);
        client.unregister("b", 1);
        client.registerProfile("d", 1, "z");
        bed.run(1);
        assertEquals(List.of("d", "a-0", "a-1", "c"), listed(""));
        assertEquals(List.of("a-0", "a-1"), listed("a"));
        assertEquals(List.of("c"), listed("c"));
        assertEquals(List.of(), listed("aa"));
    }

    @Test
    void aLongAnswerWaitsForItsClientAndComesWholeInOrderWithoutHoldingOthersUp() {
        client.registerProfile("m", MANY, "x");
        bed.run(110);
        client.forget();
        final ScriptedClient other = bed.connected();
        bed.peers.remove(client);
        final long correlationId = client.list("");
        other.list("m-29");
        bed.run(20);
        assertEquals(111, other.last(new QueryEndDecoder()).count());
        final long before = bed.agent.nextWakeNs();
        assertTrue(before - bed.clock.nanoTime() <= 20_000, "it is tried again");
        bed.peers.add(client);
        bed.run(110);
        final QueryEndDecoder end = client.last(new QueryEndDecoder());
        assertEquals(Status.OK, end.status());
        assertEquals(MANY, end.count());
        assertEquals(correlationId, end.correlationId());
        final List<UnsafeBuffer> entries = client.all(new ModelEntryDecoder());
        assertEquals(MANY, entries.size());
        for (int i = 0; i < MANY; i++) {
            final ModelEntryDecoder entry = ScriptedPeer.decode(entries.get(i), new ModelEntryDecoder());
            assertEquals(i, Ids.index(entry.modelId()));
            assertEquals(correlationId, entry.correlationId());
        }
    }

    @Test
    void oneQuestionAtATime() {
        client.registerProfile("m", 100, "x");
        bed.run(5);
        client.forget();
        final long first = client.list("");
        final long second = client.status();
        bed.run(5);
        final List<UnsafeBuffer> ends = client.all(new QueryEndDecoder());
        assertEquals(2, ends.size());
        final QueryEndDecoder busy = ScriptedPeer.decode(ends.get(0), new QueryEndDecoder());
        assertEquals(second, busy.correlationId());
        assertEquals(Status.QUERY_BUSY, busy.status());
        final QueryEndDecoder done = client.last(new QueryEndDecoder());
        assertEquals(first, done.correlationId());
        assertEquals(100, done.count());
        client.status();
        bed.run(1);
        assertEquals(Status.OK, client.last(new QueryEndDecoder()).status());
    }

    @Test
    void statesThatChangeWhileTheClientIsSlowAreToldOnceWithTheLast() {
        final ScriptedWorker worker = bed.live("w", 1);
        client.registerProfile("m", MANY, "x");
        bed.run(0);
        bed.peers.remove(client);
        bed.run(1);
        worker.ready(worker.install().artifactId(), 1, 1000, 2000);
        bed.run(5);
        bed.peers.add(client);
        bed.run(110);
        final HashSet<Long> ready = new HashSet<>();
        for (final UnsafeBuffer message : client.all(new ModelEntryDecoder())) {
            final ModelEntryDecoder entry = ScriptedPeer.decode(message, new ModelEntryDecoder());
            if (entry.state() == ModelState.READY) {
                assertTrue(ready.add(entry.modelId()), "told twice");
            }
        }
        assertEquals(MANY, ready.size());
        assertTrue(client.count(new ModelEntryDecoder()) < 2 * MANY);
    }

    @Test
    void theStatusTellsOfTheControllerItsWorkersAndTheirDevices() {
        final ScriptedWorker first = bed.live("first", 2);
        final ScriptedWorker second = bed.worker("second").emulated(1);
        second.clock = ns -> ns + 77 * MS;
        bed.joined(second);
        client.registerProfile("m", 2, "x");
        bed.run(1);
        first.ready(first.install().artifactId(), 1, 1000, 2000);
        second.draining();
        bed.run(30);
        client.forget();
        final long correlationId = client.status();
        bed.run(1);
        final StatusReportDecoder report = client.last(new StatusReportDecoder());
        assertEquals(correlationId, report.correlationId());
        assertEquals(1, report.epoch());
        assertEquals(bed.clock.nanoTime() - MS - 5_000 * MS, report.uptimeNs());
        assertEquals(Protocol.VERSION, report.schemaVersion());
        assertEquals(1, report.sessions());
        assertEquals(2, report.models());
        assertEquals(2, report.modelsReady());
        assertEquals(0, report.requests());
        assertEquals("1.2.3", report.build());
        assertTrue(report.policy().length() > 0);

        final List<UnsafeBuffer> workers = client.all(new WorkerEntryDecoder());
        assertEquals(2, workers.size());
        final WorkerEntryDecoder live = ScriptedPeer.decode(workers.get(0), new WorkerEntryDecoder());
        assertEquals(WorkerPhase.LIVE, live.phase());
        assertEquals(first.incarnation, live.incarnation());
        assertEquals("first", live.name());
        final WorkerEntryDecoder draining = ScriptedPeer.decode(workers.get(1), new WorkerEntryDecoder());
        assertEquals(WorkerPhase.DRAINING, draining.phase());
        assertEquals(77 * MS, draining.clockOffsetNs());
        assertEquals(1, draining.workerIndex());

        final List<UnsafeBuffer> devices = client.all(new DeviceEntryDecoder());
        assertEquals(3, devices.size());
        final DeviceEntryDecoder device = ScriptedPeer.decode(devices.get(1), new DeviceEntryDecoder());
        assertEquals(0, device.workerIndex());
        assertEquals(1, device.deviceIndex());
        assertTrue(device.flags().emulated());
        assertEquals(100, device.totalPages());
        assertEquals(16 << 20, device.pageBytes());
        assertEquals("emulated 1", device.description());
        assertEquals(5, client.last(new QueryEndDecoder()).count());
    }

    private List<String> listed(final String prefix) {
        client.forget();
        client.list(prefix);
        bed.run(1);
        final List<String> names = new ArrayList<>();
        for (final UnsafeBuffer message : client.all(new ModelEntryDecoder())) {
            final ModelEntryDecoder entry = ScriptedPeer.decode(message, new ModelEntryDecoder());
            entry.profile();
            entry.tensors();
            names.add(entry.name());
        }
        assertEquals(names.size(), client.last(new QueryEndDecoder()).count());
        return names;
    }
}
