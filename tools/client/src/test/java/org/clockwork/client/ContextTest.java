package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.function.UnaryOperator;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.clockwork.testkit.ManualClock;
import org.junit.jupiter.api.Test;

/** Options: their checks and their properties. */
class ContextTest {
    private static ClockworkClient.Context context() {
        return new ClockworkClient.Context().dialer(new MemoryNetwork(new ManualClock(0)).dialer("client"));
    }

    @Test
    void itIsConcludedOnce() {
        final ClockworkClient.Context context = context().conclude();
        assertThrows(IllegalStateException.class, context::conclude);
        assertTrue(context.incarnation() != 0);
    }

    @Test
    void wrongOptionsAreNamedWithTheirValue() {
        final Map<String, UnaryOperator<ClockworkClient.Context>> wrong = Map.of(
            "max.in.flight=0", c -> c.maxInFlight(0),
            "max.bytes.in.flight=-1", c -> c.maxBytesInFlight(-1),
            "output.arena.bytes=5000", c -> c.outputArenaBytes(5000),
            "queue.capacity=3", c -> c.queueCapacity(3),
            "connect.timeout=0ns", c -> c.connectTimeoutNs(0),
            "default.slo=-5ns", c -> c.defaultSloNs(-5),
            "back.off.min=2s is above clockwork.client.back.off.max=500ms", c -> c.minBackOffNs(2_000_000_000L),
            "name=", c -> c.clientName("x".repeat(257)),
            "'nowhere'", c -> c.endpoints("nowhere"));
        wrong.forEach((expected, option) -> {
            final ClockworkClient.Context context = option.apply(context());
            final String message = assertThrows(IllegalArgumentException.class, context::conclude).getMessage();
            assertTrue(message.contains(expected), message);
        });
    }

    @Test
    void propertiesAreReadWithTheirUnits() {
        final Map<String, String> properties = Map.of(
            Configuration.REQUEST_TIMEOUT_PROP_NAME, "250ms",
            Configuration.DEFAULT_SLO_PROP_NAME, "10ms",
            Configuration.MAX_BYTES_IN_FLIGHT_PROP_NAME, "8m",
            Configuration.MAX_IN_FLIGHT_PROP_NAME, "7",
            Configuration.ENDPOINTS_PROP_NAME, "host:99");
        properties.forEach(System::setProperty);
        try {
            final ClockworkClient.Context context = context();
            assertEquals(250_000_000, context.requestTimeoutNs());
            assertEquals(10_000_000, context.defaultSloNs());
            assertEquals(8 << 20, context.maxBytesInFlight());
            assertEquals(7, context.maxInFlight());
            assertEquals("host:99", context.endpoints());
            System.setProperty(Configuration.REQUEST_TIMEOUT_PROP_NAME, "250");
            final String message = assertThrows(IllegalArgumentException.class, ContextTest::context).getMessage();
            assertTrue(message.startsWith(Configuration.REQUEST_TIMEOUT_PROP_NAME), message);
        } finally {
            properties.keySet().forEach(System::clearProperty);
        }
    }

    @Test
    void idleStrategiesHaveNames() {
        for (final String name : new String[] {"backoff", "yield", "spin"}) {
            assertTrue(Options.idleStrategy("p", name) != null);
        }
        assertThrows(IllegalArgumentException.class, () -> Options.idleStrategy("p", "sleep"));
    }

    @Test
    void theDefaultSloIsSentAndJudgedBy() {
        final Bench bench = new Bench(c -> c.defaultSloNs(1000)).connect();
        final long id = bench.infer(new RequestSpec().model(1));
        assertEquals(1000, bench.stub.requests.get(0).sloNs());
        bench.infer(new RequestSpec().model(1).sloNs(-1));
        assertEquals(-1, bench.stub.requests.get(1).sloNs(), "the controller names what is wrong with it");
        bench.clock.advance(1001);
        bench.stub.answer(id, Status.OK);
        bench.settle();
        assertEquals(false, bench.recorder.last().isInTime());
    }
}
