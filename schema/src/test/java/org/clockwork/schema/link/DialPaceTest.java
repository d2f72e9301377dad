package org.clockwork.schema.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Pauses and patience grow to their limits, begin again after a success, and depend on the seed alone. */
class DialPaceTest {
    private final DialPace pace = new DialPace(100, 1000, 50, 3);

    @Test
    void pausesDoubleUpToTheirLimitShortenedByLessThanHalf() {
        for (final long full : new long[] {100, 200, 400, 800, 1000, 1000, 1000}) {
            final long pause = pace.nextPauseNs();
            assertTrue(pause > full / 2 && pause <= full, pause + " of " + full);
        }
        pace.reset();
        assertTrue(pace.nextPauseNs() <= 100);
    }

    @Test
    void patienceDoublesWithEachSilenceUpToItsLimit() {
        for (final long patience : new long[] {50, 100, 200, 400, 400}) {
            assertEquals(patience, pace.patienceNs());
            pace.nextPauseNs();
            assertEquals(patience, pace.patienceNs(), "a pause says nothing of silence");
            pace.onSilence();
        }
        pace.reset();
        assertEquals(50, pace.patienceNs());
    }

    @Test
    void theSameSeedGivesTheSamePausesAndAnotherOneOthers() {
        final DialPace same = new DialPace(100_000, 100_000, 50, 7);
        final DialPace again = new DialPace(100_000, 100_000, 50, 7);
        final DialPace other = new DialPace(100_000, 100_000, 50, 8);
        final long first = same.nextPauseNs();
        assertEquals(first, again.nextPauseNs());
        assertNotEquals(first, other.nextPauseNs());
        assertNotEquals(first, same.nextPauseNs());
    }

    @Test
    void theLongestTimesDoNotOverflow() {
        final DialPace slow = new DialPace(1, Long.MAX_VALUE, 1, 1);
        for (int i = 0; i < 100; i++) {
            final long pause = slow.nextPauseNs();
            assertTrue(pause > 0, "pause " + i + " is " + pause);
        }
    }
}
