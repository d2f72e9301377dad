package org.clockwork.worker.link;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Text on its way to the wire: UTF-8 of bounded length, without garbage while it is ASCII. Owned by one publisher. */
final class WireText {
    private static final int CONTINUATION_MASK = 0xC0;
    private static final int CONTINUATION = 0x80;
    private final byte[] bytes;
    private int length;

    WireText(final int maxBytes) {
        bytes = new byte[maxBytes];
    }

    /** Encodes a text, cut off at the limit between two characters. */
    WireText of(final String text) {
        final int count = Math.min(text.length(), bytes.length);
        length = 0;
        while (length < count && text.charAt(length) < CONTINUATION) {
            bytes[length] = (byte) text.charAt(length);
            length++;
        }
        if (length < count) {
            final byte[] all = text.getBytes(StandardCharsets.UTF_8);
            int cut = Math.min(all.length, bytes.length);
            while (cut < all.length && (all[cut] & CONTINUATION_MASK) == CONTINUATION) {
                cut--;
            }
            System.arraycopy(all, 0, bytes, 0, cut);
            length = cut;
        }
        return this;
    }

    /** The text last encoded; only the first {@link #length()} bytes. */
    byte[] bytes() {
        return bytes;
    }

    /** Its length in bytes. */
    int length() {
        return length;
    }

    @Override
    public String toString() {
        return new String(Arrays.copyOf(bytes, length), StandardCharsets.UTF_8);
    }
}
