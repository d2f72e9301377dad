package org.clockwork.schema.link.aeron;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.Publication;
import io.aeron.driver.ThreadingMode;
import io.aeron.exceptions.RegistrationException;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.link.LaneOpening;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkObserver;
import org.clockwork.schema.link.MessageHandler;
import org.clockwork.schema.link.Received;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is particular to links over Aeron: a driver with its own thread, packet sizes, endpoints that are no good. */
class AeronLinkTest {
    private static final long GIVE_UP_NS = 20_000_000_000L;
    private static EmbeddedAeron embedded;

    private final List<Link> ups = new ArrayList<>();
    private final List<Throwable> reported = new ArrayList<>();
    private final LinkObserver observer = new LinkObserver() {
        @Override
        public void onLinkUp(final Link link) {
            ups.add(link);
        }

        @Override
        public void onLinkDown(final Link link) {
            ups.remove(link);
        }
    };

    @BeforeAll
    static void launch() {
        embedded = new EmbeddedAeron(ThreadingMode.SHARED);
    }

    @AfterAll
    static void close() {
        embedded.close();
    }

    @Test
    void messagesGoRoundWithADriverThatHasAThread() {
        final String endpoint = FreePorts.endpoint();
        final UnsafeBuffer message = new UnsafeBuffer(new byte[50_000]);
        final MessageHandler echo = (link, lane, buffer, offset, length) -> {
            while (!link.offer(lane, buffer, offset, length)) {
                Thread.onSpinWait();
            }
        };
        final Received received = new Received();
        try (AeronListener listener = new AeronListener(context().endpoint(endpoint));
            AeronDialer dialer = new AeronDialer(context())) {
            final Link link = dialer.dial(endpoint);
            await("connected", listener, dialer, link::isConnected);
            for (int i = 0; i < 300; i++) {
                final int lane = i % 2;
                final int length = lane == Link.CONTROL ? 200 : 50_000;
                message.putLong(0, i);
                final int wanted = i + 1;
                await("sent", listener, dialer, () -> link.offer(lane, message, 0, length));
                await("echoed", listener, dialer, () -> {
                    listener.poll(lane, echo, 10);
                    dialer.poll(lane, received, 10);
                    return received.count() == wanted;
                });
                assertEquals(i, new UnsafeBuffer(received.messages().get(i).bytes()).getLong(0));
                assertEquals(length, received.messages().get(i).bytes().length);
            }
        }
    }

    @Test
    void smallPacketsCarryTheLongestMessage() {
        final String endpoint = FreePorts.endpoint();
        final Received received = new Received();
        final UnsafeBuffer message = new UnsafeBuffer(new byte[Protocol.MAX_MESSAGE_BYTES]);
        message.putByte(Protocol.MAX_MESSAGE_BYTES - 1, (byte) 77);
        final AeronLinks.Context small =
            context().controlMtu(256).bulkMtu(AeronLinks.DEFAULT_MTU).bulkTermLength(AeronLinks.MIN_TERM_LENGTH);
        try (AeronListener listener = new AeronListener(small.clone().endpoint(endpoint));
            AeronDialer dialer = new AeronDialer(small.clone())) {
            final Link link = dialer.dial(endpoint);
            assertEquals(256 - 32, link.maxClaimLength(Link.CONTROL));
            assertEquals(AeronLinks.DEFAULT_MTU - 32, link.maxClaimLength(Link.BULK));
            await("connected", listener, dialer, link::isConnected);
            for (int lane = 0; lane < Link.LANES; lane++) {
                final int theLane = lane;
                await("sent", listener, dialer, () -> link.offer(theLane, message, 0, message.capacity()));
                await("received", listener, dialer, () -> listener.poll(theLane, received, 1) == 1);
            }
            for (final Received.Message whole : received.messages()) {
                assertEquals(Protocol.MAX_MESSAGE_BYTES, whole.bytes().length);
                assertEquals(77, whole.bytes()[Protocol.MAX_MESSAGE_BYTES - 1]);
            }
        }
    }

    @Test
    void aPortInUseIsSaidAtOnce() {
        final String endpoint = FreePorts.endpoint();
        final AeronEndpoint taken = AeronEndpoint.parse(endpoint);
        try (DatagramSocket socket =
            new DatagramSocket(new InetSocketAddress(taken.host(), taken.responsePort()))) {
            assertTrue(socket.isBound());
            assertThrows(RegistrationException.class, () -> new AeronListener(context().endpoint(endpoint)));
        } catch (final IOException ex) {
            throw new AssertionError(ex);
        }
        try (DatagramSocket socket =
            new DatagramSocket(new InetSocketAddress(taken.host(), taken.port()))) {
            assertTrue(socket.isBound());
            assertThrows(RegistrationException.class, () -> new AeronListener(context().endpoint(endpoint)));
        } catch (final IOException ex) {
            throw new AssertionError(ex);
        }
        embedded.errors.clear();
        new AeronListener(context().endpoint(endpoint)).close();
    }

    @Test
    void hostThatDoesNotResolveEndsTheLinkAndIsReported() {
        try (AeronDialer dialer = new AeronDialer(context().errorHandler(reported::add))) {
            final Link link = dialer.dial("no-such-host.invalid:4000");
            final long giveUpNs = System.nanoTime() + GIVE_UP_NS;
            while (!link.isClosed()) {
                dialer.poll();
                Thread.onSpinWait();
                assertTrue(System.nanoTime() - giveUpNs < 0);
            }
            assertEquals(1, reported.size());
            assertFalse(link.isConnected());
        }
        embedded.errors.clear();
    }

    @Test
    void namedResponsePortIsUsed() {
        final String first = FreePorts.endpoint();
        final String second = FreePorts.endpoint();
        final String endpoint = first + "/" + AeronEndpoint.parse(second).port();
        try (AeronListener listener = new AeronListener(context().endpoint(endpoint));
            AeronDialer dialer = new AeronDialer(context())) {
            final Link link = dialer.dial(endpoint);
            await("connected", listener, dialer, link::isConnected);
        }
    }

    @Test
    void peerWithTermsThatAreTooLongIsRefused() {
        final String endpoint = FreePorts.endpoint();
        final String channel = "aeron:udp?term-length=32m|endpoint=" + endpoint;
        try (AeronListener listener = new AeronListener(context().endpoint(endpoint));
            AeronDialer dialer = new AeronDialer(context());
            Publication publication = embedded.aeron.addPublication(channel, Protocol.WORKER_CONTROL_STREAM)) {
            await("refused", listener, dialer, () -> listener.refusedCount() == 1);
            await("written", listener, dialer, () -> publication.offer(new UnsafeBuffer(new byte[100])) > 0);
            final Link link = dialer.dial(endpoint);
            await("connected", listener, dialer, link::isConnected);
            assertEquals(0, listener.droppedCount());
            assertEquals(1, listener.refusedCount());
        }
    }

    @Test
    void peerWithoutAResponseChannelIsRefused() {
        final String endpoint = FreePorts.endpoint();
        final UnsafeBuffer message = new UnsafeBuffer(new byte[LaneOpening.LENGTH]);
        new LaneOpening().encode(message, 0, 5, Link.CONTROL);
        try (AeronListener listener = new AeronListener(context().endpoint(endpoint));
            AeronDialer dialer = new AeronDialer(context());
            Publication publication =
                embedded.aeron.addPublication("aeron:udp?endpoint=" + endpoint, Protocol.WORKER_CONTROL_STREAM)) {
            await("opening sent", listener, dialer, () -> publication.offer(message) > 0);
            await("refused", listener, dialer, () -> listener.refusedCount() == 1);
            assertEquals(0, listener.linkCount());
        }
        embedded.errors.clear();
    }

    @Test
    void endpointsAreReadAndWrongOnesRefused() {
        assertEquals(new AeronEndpoint("10.0.0.1", 4000, 4001), AeronEndpoint.parse("10.0.0.1:4000"));
        assertEquals(new AeronEndpoint("gpu-7.local", 4000, 5000), AeronEndpoint.parse("gpu-7.local:4000/5000"));
        assertEquals(new AeronEndpoint("[::1]", 1, 65535), AeronEndpoint.parse("[::1]:1/65535"));
        assertTrue(AeronEndpoint.parse("localhost:1").isLoopback());
        assertTrue(AeronEndpoint.parse("127.0.0.9:1").isLoopback());
        assertTrue(AeronEndpoint.parse("[::1]:1").isLoopback());
        assertFalse(AeronEndpoint.parse("10.0.0.1:1").isLoopback());
        for (final String wrong : List.of(
            "", ":", "host", "host:", ":1", "host:0", "host:65535", "host:65536", "host:x", "host:1/", "host:1/1", "host:-1",
            "a|mtu=99:1", "a b:1", "host:1|mtu=9", "::1:1")) {
            assertThrows(IllegalArgumentException.class, () -> AeronEndpoint.parse(wrong), wrong);
        }
    }

    @Test
    void optionsAreChecked() {
        assertThrows(NullPointerException.class, () -> new AeronLinks.Context().clientStreams().conclude());
        assertThrows(NullPointerException.class, () -> new AeronListener(context()));
        assertThrows(IllegalArgumentException.class, () -> context().streams(7, 7).conclude());
        assertThrows(IllegalArgumentException.class, () -> context().controlMtu(1400).conclude());
        assertThrows(IllegalArgumentException.class, () -> context().bulkMtu(65536).conclude());
        assertThrows(IllegalArgumentException.class, () -> context().controlTermLength(1 << 18).conclude());
        assertThrows(IllegalArgumentException.class, () -> context().bulkTermLength(3 << 20).conclude());
        assertThrows(IllegalArgumentException.class, () -> context().bulkTermLength(1 << 25).conclude());
        assertThrows(IllegalArgumentException.class, () -> context().maxLinks(0).conclude());
        final AeronLinks.Context twice = context().conclude();
        assertThrows(IllegalStateException.class, twice::conclude);
        twice.clone().conclude();
    }

    private void await(
        final String what, final AeronListener listener, final AeronDialer dialer, final BooleanSupplier condition) {
        final long giveUpNs = System.nanoTime() + GIVE_UP_NS;
        while (!condition.getAsBoolean()) {
            listener.poll(observer);
            dialer.poll();
            Thread.onSpinWait();
            assertTrue(System.nanoTime() - giveUpNs < 0, "waited too long for: " + what);
        }
    }

    private static AeronLinks.Context context() {
        return new AeronLinks.Context().aeron(embedded.aeron).workerStreams();
    }
}
