package org.clockwork.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A text as a BERT-like transformer takes it; all arrays have the same length.
 *
 * @param inputIds      numbers of the tokens, then those of padding.
 * @param attentionMask 1 for a token, 0 for padding.
 * @param tokenTypeIds  0: there is one sentence.
 */
public record TokenIds(long[] inputIds, long[] attentionMask, long[] tokenTypeIds) {
    /** Tokens without padding. */
    public int tokens() {
        int count = 0;
        for (final long attended : attentionMask) {
            count += (int) attended;
        }
        return count;
    }

    /** The three INT64 tensors one after the other, as they go over the wire. */
    public byte[] toBytes() {
        final ByteBuffer bytes = ByteBuffer.allocate(3 * inputIds.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (final long[] tensor : new long[][] {inputIds, attentionMask, tokenTypeIds}) {
            for (final long value : tensor) {
                bytes.putLong(value);
            }
        }
        return bytes.array();
    }
}
