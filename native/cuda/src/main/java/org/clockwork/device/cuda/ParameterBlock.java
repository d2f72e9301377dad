package org.clockwork.device.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** The parameter of a kernel as its structure lies in memory: written field by field while a program is built. */
final class ParameterBlock {
    private static final int MAX_BYTES = 1024;
    private final ByteBuffer bytes = ByteBuffer.allocate(MAX_BYTES).order(ByteOrder.nativeOrder());
    private final List<Field> fields = new ArrayList<>();

    /** Where an address goes. */
    record Field(int offset, Place place) {
    }

    /** An address; the fields before it fill whole words of 8 bytes. */
    ParameterBlock address(final Place place) {
        if (bytes.position() % Long.BYTES != 0) {
            throw new IllegalStateException("an address at " + bytes.position());
        }
        fields.add(new Field(bytes.position(), place));
        bytes.putLong(0);
        return this;
    }

    /** An address that is not looked at. */
    ParameterBlock nothing() {
        bytes.putLong(0);
        return this;
    }

    ParameterBlock ints(final long... values) {
        for (final long value : values) {
            bytes.putInt(Math.toIntExact(value));
        }
        return this;
    }

    /** An array of a fixed size. */
    ParameterBlock array(final int size, final long... values) {
        ints(values);
        for (int i = values.length; i < size; i++) {
            bytes.putInt(0);
        }
        return this;
    }

    ParameterBlock reals(final float... values) {
        for (final float value : values) {
            bytes.putFloat(value);
        }
        return this;
    }

    /** Fills up to the next word of 8 bytes. */
    ParameterBlock align() {
        while (bytes.position() % Long.BYTES != 0) {
            bytes.put((byte) 0);
        }
        return this;
    }

    /** What was written. */
    ByteBuffer bytes() {
        return bytes.duplicate().order(ByteOrder.nativeOrder()).flip();
    }

    List<Field> fields() {
        return fields;
    }
}
