package org.clockwork.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ConnectAckDecoder;
import org.clockwork.schema.codec.HelloAckDecoder;
import org.clockwork.schema.codec.ModelEntryDecoder;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.QueryEndDecoder;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;

/** The first way through: a client and a worker come, a profile is registered, and its models are listed as ready. */
final class JoiningTest {
    private final TestBed bed = new TestBed();

    @Test
    void aProfileBecomesReadyModels() {
        final ScriptedClient client = bed.connected();
        final ConnectAckDecoder welcome = client.last(new ConnectAckDecoder());
        assertEquals(Status.OK, welcome.status());
        assertEquals(1, welcome.epoch());
        assertEquals(Configuration.MAX_IN_FLIGHT_DEFAULT, welcome.maxInFlight());
        assertEquals(Protocol.DEFAULT_HEARTBEAT_NS, welcome.keepAliveNs());

        final ScriptedWorker worker = bed.live("w1", 2);
        assertEquals(Status.OK, worker.last(new HelloAckDecoder()).status());
        assertEquals(1, bed.count(ControllerCounter.WORKERS_JOINED));

        final long correlationId = client.registerProfile("resnet", 3, "resnet50_v2");
        bed.run(0);
        assertEquals(Status.OK, client.ack().status());
        assertEquals(correlationId, client.ack().correlationId());
        assertEquals("resnet50_v2", worker.installedProfile());
        assertEquals(3, client.count(new ModelEntryDecoder()));
        assertEquals(ModelState.INSTALLING, client.entry().state());

        worker.ready(worker.install().artifactId(), 7, 8_000_000, 3_000_000, 5_000_000);
        bed.run(0);
        assertEquals(6, client.count(new ModelEntryDecoder()));
        assertEquals(ModelState.READY, client.entry().state());
        assertEquals(correlationId, client.entry().correlationId());

        client.forget();
        client.list("resnet-");
        bed.run(0);
        assertEquals(3, client.count(new ModelEntryDecoder()));
        final ModelEntryDecoder entry = client.entry();
        assertEquals(7, entry.pages());
        assertEquals(8_000_000, entry.loadNs());
        assertEquals(2, entry.maxBatch());
        entry.profile().forEach(each -> assertTrue(each.executeNs() > 0));
        entry.tensors().forEach(each -> assertTrue(each.name().length() + each.shape().length() > 0));
        assertEquals("resnet-2", entry.name());
        assertEquals("resnet50_v2", entry.source());
        assertEquals(3, client.last(new QueryEndDecoder()).count());
        assertTrue(bed.errors.isEmpty(), bed.errors.toString());
    }
}
