package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Durations as text. */
class DurationsTest {
    @Test
    void eachUnitIsRead() {
        assertEquals(7, Durations.parseNs("7ns"));
        assertEquals(100_000, Durations.parseNs("100us"));
        assertEquals(10_000_000, Durations.parseNs(" 10ms "));
        assertEquals(1_500_000_000L, Durations.parseNs("1.5s"));
        assertEquals(120_000_000_000L, Durations.parseNs("2M"));
        assertEquals(3_600_000_000_000L, Durations.parseNs("1 h"));
        assertEquals(0, Durations.parseNs("0ms"));
    }

    @Test
    void whatIsNoDurationGetsASentence() {
        for (final String text : List.of(
            "", "10", "ms", "-1ms", "1.5ns", "10 parsecs", "1ms2", "1,5s", "NaNs", "300000000h", "1e999999999s",
            "9".repeat(40) + "s")) {
            final IllegalArgumentException ex = assertThrows(
                IllegalArgumentException.class, () -> Durations.parseNs(text), text);
            assertTrue(ex.getMessage().startsWith("'" + text + "'"), ex.getMessage());
        }
    }

    @Test
    void theTextOfADurationReadsBackAsIt() {
        for (final long ns : new long[] {
            0, 1, 999, 1000, 1_500, 10_000_000, 60_000_000_000L, 90_000_000_000L, 7_200_000_000_000L}) {
            assertEquals(ns, Durations.parseNs(Durations.format(ns)));
        }
        assertEquals("10ms", Durations.format(10_000_000));
        assertEquals("1m", Durations.format(60_000_000_000L));
        assertEquals("90s", Durations.format(90_000_000_000L));
    }
}
