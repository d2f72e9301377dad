package org.clockwork.onednn;

import org.agrona.concurrent.UnsafeBuffer;

/** Integers as floats. Used by the executing thread. */
final class CastCall implements Call {
    private final UnsafeBuffer input;
    private final UnsafeBuffer output;
    private final int elements;
    private final boolean isLong;

    CastCall(final long input, final boolean isLong, final long output, final int elements) {
        this.input = new UnsafeBuffer(input, Math.multiplyExact(elements, isLong ? Long.BYTES : Integer.BYTES));
        this.output = new UnsafeBuffer(output, Math.multiplyExact(elements, Float.BYTES));
        this.elements = elements;
        this.isLong = isLong;
    }

    @Override
    public void run() {
        for (int i = 0; i < elements; i++) {
            output.putFloat(i * Float.BYTES, isLong ? input.getLong(i * Long.BYTES) : input.getInt(i * Integer.BYTES));
        }
    }

    @Override
    public void bind(final long weights) {
        // reads no weights
        return;
    }

    @Override
    public String description() {
        return "cast:java";
    }

    @Override
    public void close() {
        // owns nothing
        return;
    }
}
