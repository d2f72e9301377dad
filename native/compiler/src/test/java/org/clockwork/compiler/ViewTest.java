package org.clockwork.compiler;

import static org.junit.jupiter.api.Assertions.*;

import org.clockwork.device.ElementType;
import org.junit.jupiter.api.Test;

/** Views move no element: what they show is checked against the order of elements in memory. */
final class ViewTest {
    private static View plain(final long... dims) {
        return View.plain(new Storage(Storage.Kind.WORKSPACE, 0, ElementType.FLOAT32, View.plain(null, dims).elements()), dims);
    }

    @Test
    void splittingAndJoiningDimensionsIsFree() {
        final View view = plain(2, 6, 4);
        assertArrayEquals(new long[] {24, 12, 4, 1}, view.reshape(2, 2, 3, 4).strides());
        assertArrayEquals(new long[] {1}, view.reshape(48).strides());
        assertTrue(view.reshape(1, 12, 1, 4).isPlain());
    }

    @Test
    void joiningWhatIsApartIsNot() {
        final View swapped = plain(2, 6, 4).permute(0, 2, 1);
        assertNull(swapped.reshape(2, 24));
        assertNull(swapped.reshape(8, 6));
        assertArrayEquals(new long[] {24, 1, 12, 4}, swapped.reshape(2, 4, 2, 3).strides());
        assertNull(plain(4, 4).slice(1, 0, 2, 1).reshape(8));
    }

    @Test
    void slicesStartAndStep() {
        final View part = plain(3, 8).slice(1, 1, 3, 2);
        assertEquals(1, part.offset());
        assertArrayEquals(new long[] {8, 2}, part.strides());
        assertFalse(part.isDense());
        assertTrue(plain(3, 8).slice(0, 1, 2, 1).isDense());
    }

    @Test
    void layoutsAreRecognised() {
        final View image = View.channelsLast(plain(2, 3, 4, 5).storage(), 2, 3, 4, 5);
        assertTrue(image.isChannelsLast() && image.isDense() && !image.isPlain());
        assertArrayEquals(new int[] {1, 3, 2, 0}, image.physicalOrder());
        final View pixel = View.channelsLast(plain(2, 3, 1, 1).storage(), 2, 3, 1, 1);
        assertTrue(pixel.isChannelsLast() && pixel.isPlain(), "one pixel lies the same either way");
        assertTrue(image.permute(0, 2, 3, 1).isPlain());
    }
}
