package org.clockwork.client;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Objects;
import org.agrona.ExpandableArrayBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.DataType;

/**
 * A request to a {@link ClockworkClient}: a model by name, its inputs in the model's order, and what else matters. It
 * copies its inputs. Not to be changed once it was handed over; it may be handed over again.
 */
public final class InferCall {
    private static final int FIRST_BYTES = 128;

    final String model;
    final ExpandableArrayBuffer input = new ExpandableArrayBuffer(FIRST_BYTES);
    int inputLength;
    DataType inputType = DataType.UNSPECIFIED;
    long sloNs = Protocol.NULL_NS;
    long timeoutNs = Protocol.NULL_NS;
    int priority;
    boolean isGenerated;
    long seed;
    boolean isOutputOmitted;

    private InferCall(final String model) {
        this.model = model;
    }

    /** A request to the model of this name. */
    public static InferCall model(final String name) {
        return new InferCall(Objects.requireNonNull(name, "name"));
    }

    /** The next input tensor, of 32-bit floats. */
    public InferCall floats(final float... values) {
        begin(DataType.FLOAT32);
        for (final float value : values) {
            input.putFloat(inputLength, value, ByteOrder.LITTLE_ENDIAN);
            inputLength += Float.BYTES;
        }
        return this;
    }

    /** The next input tensor, of 64-bit integers. */
    public InferCall longs(final long... values) {
        begin(DataType.INT64);
        for (final long value : values) {
            input.putLong(inputLength, value, ByteOrder.LITTLE_ENDIAN);
            inputLength += Long.BYTES;
        }
        return this;
    }

    /** The next input tensor, of unsigned bytes: the pixels of an image whose model has an input transform. */
    public InferCall pixels(final byte... values) {
        begin(DataType.UINT8);
        input.putBytes(inputLength, values);
        inputLength += values.length;
        return this;
    }

    /** The next input tensor or tensors, as bytes (little-endian) of a type that is not stated. */
    public InferCall bytes(final ByteBuffer values) {
        begin(DataType.UNSPECIFIED);
        final int length = values.remaining();
        input.putBytes(inputLength, values, values.position(), length);
        inputLength += length;
        return this;
    }

    /** No input: the worker fills it from this seed. */
    public InferCall generatedInput(final long inputSeed) {
        isGenerated = true;
        seed = inputSeed;
        return this;
    }

    /** From the call to the answer's arrival; the Context's default, the model's, or none if not set. */
    public InferCall slo(final Duration duration) {
        sloNs = duration.toNanos();
        return this;
    }

    /** How long to wait for the end; the Context's request time-out if not set. */
    public InferCall timeout(final Duration duration) {
        timeoutNs = duration.toNanos();
        return this;
    }

    /** 0 to 255; higher is more important, where the policy gives it a meaning. */
    public InferCall priority(final int value) {
        if ((value & ~0xFF) != 0) {
            throw new IllegalArgumentException("priority=" + value + " is not within 0 to 255");
        }
        priority = value;
        return this;
    }

    /** The output's bytes need not come back. */
    public InferCall omitOutput() {
        isOutputOmitted = true;
        return this;
    }

    /** The type stated is that of the first tensor. */
    private void begin(final DataType type) {
        if (inputLength == 0) {
            inputType = type;
        }
    }
}
