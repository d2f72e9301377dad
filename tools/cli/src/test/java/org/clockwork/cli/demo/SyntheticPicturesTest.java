package org.clockwork.cli.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteOrder;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.loadgen.Xoshiro;
import org.junit.jupiter.api.Test;

/** Pictures come from the seed alone and look like what image nets are used to. */
class SyntheticPicturesTest {
    @Test
    void aSeedGivesThePictureAgainAndAnotherSeedAnother() {
        final byte[] one = draw(1).byteArray();
        assertArrayEquals(one, draw(1).byteArray());
        assertTrue(!Arrays.equals(one, draw(2).byteArray()));
    }

    @Test
    void valuesHaveTheScaleOfNormalisedPictures() {
        for (int seed = 0; seed < 20; seed++) {
            final UnsafeBuffer picture = draw(seed);
            double sum = 0;
            double squares = 0;
            final int count = picture.capacity() / Float.BYTES;
            for (int i = 0; i < count; i++) {
                final float value = picture.getFloat(i * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
                assertTrue(value >= -2.0f && value <= 2.0f, "seed=" + seed + " value=" + value);
                sum += value;
                squares += value * value;
            }
            final double mean = sum / count;
            assertTrue(Math.abs(mean) < 1.5, "seed=" + seed + " mean=" + mean);
            assertTrue(squares / count - mean * mean > 0.01, "a picture is not of one colour: seed=" + seed);
        }
    }

    private static UnsafeBuffer draw(final long seed) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[3 * 32 * 32 * Float.BYTES]);
        new SyntheticPictures(new Xoshiro(seed, "test")).draw(buffer, 0, 3, 32);
        return buffer;
    }
}
