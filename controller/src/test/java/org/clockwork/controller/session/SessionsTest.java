package org.clockwork.controller.session;

import static org.clockwork.controller.TestBed.MS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.Consumer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.Configuration;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ScriptedClient;
import org.clockwork.controller.TestBed;
import org.clockwork.controller.storage.MemoryFiles;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ConnectAckDecoder;
import org.clockwork.schema.codec.ConnectEncoder;
import org.clockwork.schema.codec.InferResponseDecoder;
import org.clockwork.schema.codec.KeepAliveDecoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.SessionClosedDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.junit.jupiter.api.Test;

/** Sessions of clients: who is let in with what, how long they last, and what becomes of those who name a wrong one. */
final class SessionsTest {
    @Test
    void limitsAreGrantedUpToTheControllersOwn() {
        final TestBed bed = new TestBed(context -> context.maxInFlight(10).maxBytes(1_000));
        assertGranted(bed, 0, 0, 10, 1_000);
        assertGranted(bed, 9, 999, 9, 999);
        assertGranted(bed, 10, 1_000, 10, 1_000);
        assertGranted(bed, 11, 1_001, 10, 1_000);
        assertGranted(bed, Integer.MAX_VALUE, Long.MAX_VALUE, 10, 1_000);
        assertEquals(5, bed.count(ControllerCounter.SESSIONS_OPENED));
    }

    @Test
    void contradictoryConnectsAreRefused() {
        final TestBed bed = new TestBed();
        assertRefused(bed, Status.INVALID_HELLO, client -> client.connect(Protocol.VERSION, -1, 0, "c", new byte[0]));
        assertRefused(bed, Status.INVALID_HELLO, client -> client.connect(Protocol.VERSION, 0, -1, "c", new byte[0]));
        assertRefused(bed, Status.INVALID_HELLO,
            client -> client.connect(Protocol.VERSION, 0, 0, "c".repeat(257), new byte[0]));
        assertEquals(3, bed.count(ControllerCounter.CONNECTS_REFUSED));
        final ScriptedClient client = bed.client();
        bed.run(0);
        client.connect(Protocol.VERSION, 0, 0, "c".repeat(256), new byte[0]);
        bed.run(0);
        assertEquals(Status.OK, client.last(new ConnectAckDecoder()).status());
    }

    @Test
    void anotherVersionIsToldSoInTheFieldAndInTheHeader() {
        final TestBed bed = new TestBed();
        assertRefused(bed, Status.INCOMPATIBLE_VERSION,
            client -> client.connect(Protocol.VERSION + 1, 0, 0, "c", new byte[0]));
        assertRefused(bed, Status.INCOMPATIBLE_VERSION, client -> {
            final UnsafeBuffer buffer = new UnsafeBuffer(new byte[256]);
            final MessageHeaderEncoder header = new MessageHeaderEncoder();
            final ConnectEncoder connect = new ConnectEncoder().wrapAndApplyHeader(buffer, 0, header)
                .correlationId(7).incarnation(1).schemaVersion(Protocol.VERSION).wantedInFlight(0).wantedBytes(0)
                .clientName("c").putCredentials(new byte[0], 0, 0);
            header.wrap(buffer, 0).version(Protocol.VERSION + 1);
            assertTrue(client.link.offer(Link.CONTROL, buffer, 0, 8 + connect.encodedLength()));
        });
    }

    @Test
    void credentialsAreForTheAuthenticator() {
        final TestBed bed = new TestBed(context -> context.clientAuthenticator(
            (name, credentials) -> name.equals("ann") && Arrays.equals(credentials, new byte[] {1, 2, 3})));
        assertRefused(bed, Status.AUTHENTICATION_FAILED,
            client -> client.connect(Protocol.VERSION, 0, 0, "ann", new byte[] {1, 2}));
        assertRefused(bed, Status.AUTHENTICATION_FAILED,
            client -> client.connect(Protocol.VERSION, 0, 0, "bob", new byte[] {1, 2, 3}));
        final ScriptedClient client = bed.client();
        bed.run(0);
        client.connect(Protocol.VERSION, 0, 0, "ann", new byte[] {1, 2, 3});
        bed.run(0);
        assertEquals(Status.OK, client.last(new ConnectAckDecoder()).status());
    }

    @Test
    void whoDoesNotLeadSendsClientsOn() {
        final String[] leader = {"a:1,b:2"};
        final TestBed bed = new TestBed(context -> context.redirect(() -> leader[0]));
        final ConnectAckDecoder refusal =
            assertRefused(bed, Status.REDIRECT, client -> client.connect());
        assertEquals("a:1,b:2", refusal.detail());
        leader[0] = null;
        assertEquals(Status.OK, bed.connected().last(new ConnectAckDecoder()).status());
    }

    @Test
    void aRepeatedConnectIsAnsweredAgainWithTheSameSession() {
        final TestBed bed = new TestBed();
        final ScriptedClient client = bed.connected();
        final long sessionId = client.sessionId;
        final long correlationId = client.connect();
        bed.run(0);
        final ConnectAckDecoder again = client.last(new ConnectAckDecoder());
        assertEquals(sessionId, again.sessionId());
        assertEquals(correlationId, again.correlationId());
        assertEquals(1, bed.count(ControllerCounter.SESSIONS_OPENED));
    }

    @Test
    void anIncarnationHasOneSession() {
        final TestBed bed = new TestBed();
        final ScriptedClient first = bed.connected();
        final ScriptedClient twin = new ScriptedClient(bed.network.dialer("twin"), first.incarnation);
        twin.dial("clients");
        bed.peers.add(twin);
        bed.run(0);
        twin.connect();
        bed.run(0);
        assertEquals(Status.DUPLICATE_INCARNATION, twin.last(new ConnectAckDecoder()).status());

        first.link.close();
        bed.run(0);
        twin.connect();
        bed.run(0);
        assertEquals(Status.OK, twin.last(new ConnectAckDecoder()).status());
        assertNotEquals(first.sessionId, twin.sessionId);
        assertEquals(1, bed.count(ControllerCounter.SESSIONS_LOST));
    }

    @Test
    void aLinkHasOneIncarnation() {
        final TestBed bed = new TestBed();
        final ScriptedClient client = bed.connected();
        final ScriptedClient other = new ScriptedClient(bed.network.dialer("other"), 999);
        other.link = client.link;
        other.connect();
        bed.run(0);
        assertEquals(Status.INVALID_HELLO, client.last(new ConnectAckDecoder()).status());
    }

    @Test
    void theTableOfSessionsHasALimitAndItsSlotsAreUsedAgain() {
        final TestBed bed = new TestBed(context -> context.maxSessions(2));
        final ScriptedClient first = bed.connected();
        bed.connected();
        assertRefused(bed, Status.TOO_MANY_SESSIONS, client -> client.connect());
        first.closeSession();
        bed.run(0);
        final ScriptedClient third = bed.connected();
        assertEquals(Ids.index(first.sessionId == 0 ? 1 : first.sessionId), Ids.index(third.sessionId));
        assertNotEquals(first.sessionId, third.sessionId);
    }

    @Test
    void keepAlivesGoEachWayAtTheirTime() {
        final TestBed bed = new TestBed();
        final ScriptedClient client = bed.connected();
        assertEquals(1, client.count(new KeepAliveDecoder()), "the first comes with the welcome");
        bed.clock.advance(50 * MS - 1);
        bed.settle();
        assertEquals(1, client.count(new KeepAliveDecoder()));
        bed.clock.advance(1);
        bed.settle();
        assertEquals(2, client.count(new KeepAliveDecoder()));
        final KeepAliveDecoder second = client.last(new KeepAliveDecoder());
        assertEquals(bed.clock.nanoTime(), second.sentNs());
        assertEquals(bed.clock.nanoTime() - 50 * MS, second.echoSentNs());
        assertEquals(bed.clock.nanoTime() - 50 * MS, second.echoReceivedNs());
    }

    @Test
    void theHopIsHalfTheLeastRoundTripOfLate() {
        final long[] delayNs = {3 * MS};
        final TestBed bed = new TestBed(context -> { }, new MemoryFiles(),
            new MemoryNetwork.Context().latency((from, to, lane, length, nowNs) -> delayNs[0]));
        final ScriptedClient client = bed.client();
        bed.run(10);
        client.connect();
        bed.run(100);
        final ClientSession session = bed.session(client);
        assertEquals(3 * MS, session.hopInNs);
        assertEquals(3 * MS, session.hopOutNs);
        delayNs[0] = MS;
        bed.run(100);
        assertEquals(MS, session.hopInNs);
        delayNs[0] = 5 * MS;
        bed.run(1_000);
        assertEquals(MS, session.hopInNs, "the least of the last 32");
        bed.run(1_000);
        assertEquals(5 * MS, session.hopInNs);
    }

    @Test
    void silenceEndsASessionAtItsTimeAndNotBefore() {
        final TestBed bed = new TestBed();
        final ScriptedClient client = bed.connected();
        client.answersKeepAlives = false;
        client.keepAlive(1, KeepAliveDecoder.echoSentNsNullValue(), KeepAliveDecoder.echoReceivedNsNullValue());
        bed.settle();
        final ClientSession session = bed.session(client);
        bed.clock.advance(Protocol.DEFAULT_TIMEOUT_NS - 1);
        bed.settle();
        assertFalse(session.isClosed);
        bed.clock.advance(1);
        bed.agent.doWork();
        assertFalse(session.isClosed, "ticks are a millisecond apart at least");
        bed.clock.advance(MS);
        bed.settle();
        assertTrue(session.isClosed);
        assertTrue(client.link.isClosed());
        assertEquals(1, bed.count(ControllerCounter.SESSIONS_LOST));
    }

    @Test
    void aClosedSessionIsUnknown() {
        final TestBed bed = new TestBed();
        final ScriptedClient client = bed.connected();
        final long sessionId = client.sessionId;
        client.closeSession();
        bed.run(0);
        final SessionClosedDecoder closed = client.last(new SessionClosedDecoder());
        assertEquals(Status.CLOSED_BY_PEER, closed.status());
        assertEquals(sessionId, closed.sessionId());

        client.list("");
        bed.run(0);
        assertEquals(Status.UNKNOWN_SESSION, client.last(new SessionClosedDecoder()).status());

        client.connect();
        bed.run(0);
        assertNotEquals(sessionId, client.sessionId);
        client.sessionId = sessionId;
        client.list("");
        bed.run(0);
        assertEquals(3, client.count(new SessionClosedDecoder()));
        assertEquals(2, bed.count(ControllerCounter.UNKNOWN_SESSION));
    }

    @Test
    void aRequestOfAnUnknownSessionIsEndedByAResponse() {
        final TestBed bed = new TestBed();
        final ScriptedClient client = bed.client();
        bed.run(0);
        client.sessionId = 77;
        client.infer(5, 6);
        bed.run(0);
        final InferResponseDecoder response = client.last(new InferResponseDecoder());
        assertEquals(Status.UNKNOWN_SESSION, response.status());
        assertEquals(77, response.sessionId());
        assertEquals(5, response.requestId());
        assertEquals(6, response.modelId());
        client.chunk(1, new byte[10], 0, 10);
        bed.run(0);
        assertEquals(1, client.received.size(), "bulk messages are counted only");
        assertEquals(2, bed.count(ControllerCounter.UNKNOWN_SESSION));
    }

    @Test
    void whoDoesNotTakeItsAnswersIsGivenUp() {
        final TestBed bed = new TestBed(context -> { }, new MemoryFiles(),
            new MemoryNetwork.Context().controlCapacity(128 * 1024));
        final ScriptedClient client = bed.connected();
        final ClientSession session = bed.session(client);
        bed.peers.remove(client);
        for (int i = 0; i < 8_000 && !session.isClosed; i++) {
            client.unregister("nobody-of-a-rather-long-name", 1);
            bed.agent.doWork();
        }
        assertTrue(session.isClosed);
        assertEquals(1, bed.count(ControllerCounter.SLOW_CONSUMERS));
        client.poll(0);
        assertTrue(client.link.isClosed());
        assertTrue(bed.errors.isEmpty(), bed.errors.toString());
    }

    @Test
    void strangersLinksAreEndedAtTheirTimeAndMembersAreNot() {
        final TestBed bed = new TestBed();
        final ScriptedClient stranger = bed.client();
        final ScriptedClient member = bed.connected();
        bed.run(4_999);
        assertFalse(stranger.link.isClosed());
        bed.run(1);
        assertTrue(stranger.link.isClosed());
        member.closeSession();
        bed.run(4_999);
        assertFalse(member.link.isClosed());
        bed.run(1);
        assertTrue(member.link.isClosed());
        assertEquals(2, bed.count(ControllerCounter.IDLE_LINKS_ENDED));
    }

    private static void assertGranted(
        final TestBed bed, final int wantedInFlight, final long wantedBytes, final int maxInFlight, final long maxBytes) {
        final ScriptedClient client = bed.client();
        bed.run(0);
        client.connect(Protocol.VERSION, wantedInFlight, wantedBytes, "c", new byte[0]);
        bed.run(0);
        final ConnectAckDecoder ack = client.last(new ConnectAckDecoder());
        assertEquals(Status.OK, ack.status());
        assertEquals(maxInFlight, ack.maxInFlight());
        assertEquals(maxBytes, ack.maxBytes());
        assertEquals(Configuration.INLINE_BYTES_DEFAULT, ack.inlineBytes());
        assertEquals(Protocol.DEFAULT_TIMEOUT_NS, ack.timeoutNs());
    }

    private static ConnectAckDecoder assertRefused(
        final TestBed bed, final Status status, final Consumer<ScriptedClient> connect) {
        final ScriptedClient client = bed.client();
        bed.run(0);
        connect.accept(client);
        bed.run(0);
        final ConnectAckDecoder ack = client.last(new ConnectAckDecoder());
        assertEquals(status, ack.status());
        assertEquals(Protocol.VERSION, ack.schemaVersion());
        assertEquals(0, ack.sessionId());
        assertTrue(ack.detailLength() > 0);
        assertTrue(bed.errors.isEmpty(), bed.errors.toString());
        return client.last(new ConnectAckDecoder());
    }
}
