package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;

/** How a core finds, keeps and loses its controller. */
class ConnectionTest {
    private static final long MS = 1_000_000;

    @Test
    void connectsWithNameAndCredentials() {
        final Bench bench = new Bench(c -> c.credentialsSupplier(endpoint -> ("secret for " + endpoint).getBytes()));
        bench.stub.epoch = 7;
        bench.connect();
        assertEquals("DIALING CONNECTING CONNECTED ", bench.states.toString());
        assertEquals("bench", bench.stub.clientName);
        assertEquals("secret for " + Bench.ENDPOINT, bench.stub.credentials);
        assertEquals(7, bench.core.epoch());
        assertEquals(bench.stub.sessionId, bench.core.sessionId());
        assertEquals(1024, bench.core.grantedInFlight());
    }

    @Test
    void keepsTheRefusalAndItsSentence() {
        final Bench bench = new Bench();
        bench.stub.connectStatus = Status.AUTHENTICATION_FAILED;
        bench.stub.connectDetail = "unknown user";
        bench.settle().advance(2 * MS);
        assertEquals(ClientState.DISCONNECTED, bench.core.state());
        assertEquals(Status.AUTHENTICATION_FAILED, bench.core.lastStatus());
        assertEquals("unknown user", bench.core.lastReason());
        assertEquals(1, bench.core.counts().refusedSessions());
        bench.stub.connectStatus = Status.OK;
        bench.advance(50 * MS).advance(2 * MS);
        assertTrue(bench.core.isConnected());
        assertEquals(Status.OK, bench.core.lastStatus());
    }

    @Test
    void answersAreMatchedToTheLastConnect() {
        final Bench bench = new Bench();
        bench.stub.isAnsweringConnect = false;
        bench.settle().advance(MS);
        bench.stub.connectCorrelationId += 5;
        bench.stub.acknowledge();
        bench.settle();
        assertEquals(ClientState.CONNECTING, bench.core.state());
        assertEquals(1, bench.core.counts().unexpected());
        bench.stub.connectCorrelationId -= 5;
        bench.stub.acknowledge();
        bench.settle();
        assertEquals(ClientState.CONNECTED, bench.core.state());
        bench.stub.acknowledge();
        bench.settle();
        assertEquals(ClientState.CONNECTED, bench.core.state());
        assertEquals(2, bench.core.counts().unexpected());
    }

    @Test
    void impossibleLimitsAreARefusal() {
        final Bench bench = new Bench();
        bench.stub.grant = new ControllerStub.Grant(0, 1, 1, 1, 1);
        bench.settle().advance(MS);
        assertEquals(ClientState.DISCONNECTED, bench.core.state());
        assertEquals(Status.MALFORMED_MESSAGE, bench.core.lastStatus());
    }

    @Test
    void anAttemptEndsAtItsTimeoutAndTheNextEndpointIsDialed() {
        final Bench bench = new Bench(c -> c.endpoints("nobody:1," + Bench.ENDPOINT).connectTimeoutNs(100 * MS));
        bench.settle().advance(100 * MS - 1);
        assertEquals(ClientState.DIALING, bench.core.state());
        assertEquals("nobody:1", bench.core.endpoint());
        bench.clock.advance(1);
        bench.core.poll(bench.clock.nanoTime());
        assertEquals(Status.PEER_SILENT, bench.core.lastStatus());
        bench.connect();
        assertEquals(Bench.ENDPOINT, bench.core.endpoint());
    }

    @Test
    void aSilentControllerEndsTheSessionAtTheGrantedTime() {
        final Bench bench = new Bench().connect();
        final long id = bench.infer(new RequestSpec().model(1));
        bench.advance(500 * MS - 1);
        assertTrue(bench.core.isConnected());
        assertTrue(bench.recorder.ends.isEmpty());
        bench.clock.advance(1);
        bench.core.poll(bench.clock.nanoTime());
        assertFalse(bench.core.isConnected());
        assertEquals(Status.PEER_SILENT, bench.core.lastStatus());
        assertEquals(id, bench.recorder.last().requestId());
        assertEquals(Status.OUTCOME_UNKNOWN, bench.recorder.last().status());
        assertEquals(0, bench.core.inFlight());
        bench.advance(50 * MS).connect();
        assertEquals(2, bench.stub.connects);
        assertEquals(1, bench.stub.requests.size(), "nothing is resent");
    }

    @Test
    void anythingOfTheSessionShowsThatTheControllerIsAlive() {
        final Bench bench = new Bench().connect();
        bench.advance(400 * MS);
        bench.stub.send(bench.stub.encoder.queryEnd(bench.stub.sessionId, 5, Status.OK, 0));
        bench.settle().advance(499 * MS);
        assertTrue(bench.core.isConnected());
        bench.stub.send(bench.stub.encoder.queryEnd(bench.stub.sessionId + 1, 5, Status.OK, 0));
        bench.advance(MS);
        assertFalse(bench.core.isConnected(), "another session's message is no sign of life");
    }

    @Test
    void keepAlivesGoOutAtTheGrantedInterval() {
        final Bench bench = new Bench().connect();
        assertEquals(1, bench.stub.keepAlives.size());
        bench.advance(50 * MS - 1);
        assertEquals(1, bench.stub.keepAlives.size());
        bench.advance(1);
        assertEquals(2, bench.stub.keepAlives.size());
    }

    @Test
    void keepAlivesCarryClockSamplesBothWays() {
        final Bench bench = new Bench().connect();
        final long sentNs = bench.stub.keepAlives.get(0)[0];
        assertArrayEquals(new long[] {sentNs, Protocol.NULL_NS, Protocol.NULL_NS}, bench.stub.keepAlives.get(0));
        bench.clock.advance(3 * MS);
        final long receivedNs = bench.clock.nanoTime();
        bench.stub.send(bench.stub.encoder.keepAlive(bench.stub.sessionId, 5_000_007, sentNs, 5_000_000));
        bench.settle();
        assertEquals(3 * MS - 7, bench.core.roundTripNs());
        bench.advance(47 * MS);
        assertArrayEquals(new long[] {bench.clock.nanoTime(), 5_000_007, receivedNs}, bench.stub.keepAlives.get(1));
        bench.stub.send(bench.stub.encoder.keepAlive(bench.stub.sessionId, 9, bench.clock.nanoTime() + 1, 9));
        bench.settle();
        assertEquals(3 * MS - 7, bench.core.roundTripNs(), "a sample from the future is none");
    }

    @Test
    void aClosedSessionEndsWhatIsInFlightAndIsDialedAgain() {
        final Bench bench = new Bench().connect();
        bench.infer(new RequestSpec().model(1).token(9));
        final long lost = bench.stub.sessionId;
        bench.stub.send(bench.stub.encoder.sessionClosed(lost + 1, Status.UNKNOWN_SESSION, "other"));
        bench.settle();
        assertTrue(bench.core.isConnected(), "another session's end is not ours");
        bench.stub.send(bench.stub.encoder.sessionClosed(lost, Status.UNKNOWN_SESSION, "who are you"));
        bench.settle();
        assertEquals(ClientState.DISCONNECTED, bench.core.state());
        assertEquals(Status.UNKNOWN_SESSION, bench.core.lastStatus());
        assertEquals("who are you", bench.core.lastReason());
        assertEquals(Status.OUTCOME_UNKNOWN, bench.recorder.last().status());
        assertEquals(9, bench.recorder.last().token());
        assertEquals(ClientCore.NOT_CONNECTED, bench.infer(new RequestSpec().model(1)));
        bench.advance(50 * MS).connect();
        assertNotEquals(lost, bench.core.sessionId());
    }

    @Test
    void aRequestOfAnUnknownSessionEndsTheSession() {
        final Bench bench = new Bench().connect();
        final long refused = bench.infer(new RequestSpec().model(1));
        final long lost = bench.infer(new RequestSpec().model(1));
        bench.stub.answer(refused, Status.UNKNOWN_SESSION);
        bench.settle();
        assertEquals(Status.UNKNOWN_SESSION, bench.core.lastStatus());
        assertEquals(Status.UNKNOWN_SESSION, bench.recorder.ends.get(0).status());
        assertEquals(lost, bench.recorder.ends.get(1).requestId());
        assertEquals(Status.OUTCOME_UNKNOWN, bench.recorder.ends.get(1).status());
        bench.advance(50 * MS).connect();
    }

    @Test
    void aClosedLinkIsNoticedAtOnce() {
        final Bench bench = new Bench().connect();
        bench.stub.link.close();
        bench.settle();
        assertEquals(Status.CLOSED_BY_PEER, bench.core.lastStatus());
        bench.advance(50 * MS).connect();
    }

    @Test
    void aRedirectIsFollowedAtOnce() {
        final Bench bench = new Bench();
        final ControllerStub other = new ControllerStub(bench.network.listen("other:2"));
        bench.stub.connectStatus = Status.REDIRECT;
        bench.stub.connectDetail = "nobody:1, other:2";
        for (int i = 0; i < 5000 && !bench.core.isConnected(); i++) {
            bench.advance(MS);
            other.poll();
        }
        assertTrue(bench.core.isConnected());
        assertEquals("other:2", bench.core.endpoint());
        assertEquals(1, bench.stub.connects);
    }

    @Test
    void redirectsInCirclesAndToNowhereBackOff() {
        final Bench bench = new Bench();
        bench.stub.connectStatus = Status.REDIRECT;
        bench.stub.connectDetail = Bench.ENDPOINT;
        for (int i = 0; i < 10; i++) {
            bench.advance(MS);
        }
        assertEquals(5, bench.stub.connects, "four redirects are followed");
        assertEquals(Status.REDIRECT, bench.core.lastStatus());
        assertEquals(ClientState.DISCONNECTED, bench.core.state());
        final Bench nowhere = new Bench();
        nowhere.stub.connectStatus = Status.REDIRECT;
        nowhere.stub.connectDetail = "no endpoint at all";
        nowhere.settle().advance(MS);
        assertEquals(1, nowhere.stub.connects);
        assertEquals(ClientState.DISCONNECTED, nowhere.core.state());
    }

    @Test
    void attemptsThatNobodyAnswersLastLongerEachTime() {
        final Bench bench = new Bench(c -> c.endpoints("nobody:1").connectTimeoutNs(100 * MS).maxBackOffNs(20 * MS));
        bench.settle();
        for (final long patienceMs : new long[] {100, 200, 400, 800, 800}) {
            bench.advance(patienceMs * MS - 1);
            assertEquals(ClientState.DIALING, bench.core.state());
            bench.clock.advance(1);
            bench.core.poll(bench.clock.nanoTime());
            assertEquals(ClientState.DISCONNECTED, bench.core.state());
            assertTrue(bench.core.lastReason().contains(patienceMs + "ms"), bench.core.lastReason());
            bench.clock.advance(bench.core.nextWakeNs() - bench.clock.nanoTime());
            bench.core.poll(bench.clock.nanoTime());
            assertEquals(ClientState.DIALING, bench.core.state());
        }
    }

    @Test
    void closingSaysGoodbyeAndEndsEverything() {
        final Bench bench = new Bench().connect();
        bench.infer(new RequestSpec().model(1));
        bench.core.close(bench.clock.nanoTime());
        bench.core.close(bench.clock.nanoTime());
        assertEquals(ClientState.CLOSED, bench.core.state());
        assertEquals(Status.CANCELLED, bench.recorder.last().status());
        assertEquals(1, bench.recorder.ends.size());
        assertEquals(0, bench.core.poll(bench.clock.nanoTime()));
        assertEquals(Long.MAX_VALUE, bench.core.nextWakeNs());
        assertEquals(ClientCore.NOT_CONNECTED, bench.core.infer(new RequestSpec(), 0));
    }

    @Test
    void unusableCredentialsFailTheAttemptOnly() {
        final int[] calls = new int[1];
        final Bench bench = new Bench(c -> c.errorHandler(ex -> { }).credentialsSupplier(endpoint -> {
            if (calls[0]++ == 0) {
                throw new IllegalStateException("vault is sealed");
            }
            return new byte[0];
        }));
        bench.settle().advance(MS);
        assertEquals(Status.AUTHENTICATION_FAILED, bench.core.lastStatus());
        bench.advance(50 * MS).connect();
    }
}
