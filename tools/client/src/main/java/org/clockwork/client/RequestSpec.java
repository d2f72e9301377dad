package org.clockwork.client;

import org.agrona.DirectBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.DataType;

/**
 * What to run and by when: the argument of {@link ClientCore#infer}. Mutable and reusable, so that a hot path needs one
 * of it; the core keeps no reference to it, only to the input's memory (see {@link #input}).
 */
public final class RequestSpec {
    long modelId;
    ModelInfo model;
    long sloNs;
    long intendedSendNs;
    long timeoutNs;
    int priority;
    DataType inputType;
    DirectBuffer input;
    int inputOffset;
    int inputLength;
    boolean isGenerated;
    long seed;
    boolean isOutputOmitted;
    long token;
    Object attachment;

    /** A request without deadline, input or model. */
    public RequestSpec() {
        reset();
    }

    /** Forgets everything that was set. */
    public RequestSpec reset() {
        modelId = 0;
        model = null;
        sloNs = Protocol.NULL_NS;
        intendedSendNs = Protocol.NULL_NS;
        timeoutNs = Protocol.NULL_NS;
        priority = 0;
        inputType = DataType.UNSPECIFIED;
        input = null;
        inputOffset = 0;
        inputLength = 0;
        isGenerated = false;
        seed = 0;
        isOutputOmitted = false;
        token = 0;
        attachment = null;
        return this;
    }

    /** The model by its id, from a {@link ModelInfo}. */
    public RequestSpec model(final long id) {
        modelId = id;
        model = null;
        return this;
    }

    /** The model, with its tensors: tells how a large input of several tensors is cut, and states the input's type. */
    public RequestSpec model(final ModelInfo info) {
        modelId = info.modelId();
        model = info;
        inputType = info.inputs().isEmpty() ? DataType.UNSPECIFIED : info.inputs().get(0).type();
        return this;
    }

    /** From intended send time to arrival of the response; {@link Protocol#NULL_NS}: the model's default, or none. */
    public RequestSpec sloNs(final long ns) {
        sloNs = ns;
        return this;
    }

    /** When it should have been sent, in the core's clock; the SLO and the latency count from there. Default: now. */
    public RequestSpec intendedSendNs(final long ns) {
        intendedSendNs = ns;
        return this;
    }

    /** How long the client waits for the end, from now; {@link Protocol#NULL_NS}: the Context's request time-out. */
    public RequestSpec timeoutNs(final long ns) {
        timeoutNs = ns;
        return this;
    }

    /** 0 to 255; higher is more important, where the policy gives it a meaning. */
    public RequestSpec priority(final int value) {
        priority = value;
        return this;
    }

    /** Element type of the first input tensor as the caller believes it; the controller checks it unless unspecified. */
    public RequestSpec inputType(final DataType type) {
        inputType = type;
        return this;
    }

    /**
     * All input tensors, one after the other, little-endian. Nothing is copied that can be sent at once. If
     * {@link ClientCore#isInputPending} says so after {@link ClientCore#infer}, the bytes must stay as they are until
     * {@link ResponseHandler#onInputReleased}, or until the request ends or is cancelled.
     */
    public RequestSpec input(final DirectBuffer buffer, final int offset, final int length) {
        input = buffer;
        inputOffset = offset;
        inputLength = length;
        isGenerated = false;
        return this;
    }

    /** No input bytes: the worker fills the input from this seed. */
    public RequestSpec generatedInput(final long inputSeed) {
        isGenerated = true;
        seed = inputSeed;
        input = null;
        inputOffset = 0;
        inputLength = 0;
        return this;
    }

    /** Whether the output's bytes need not come back. */
    public RequestSpec omitOutput(final boolean omit) {
        isOutputOmitted = omit;
        return this;
    }

    /** A number of the caller's that comes back in {@link InferResult#token()}. */
    public RequestSpec token(final long value) {
        token = value;
        return this;
    }

    /** An object of the caller's that comes back in {@link InferResult#attachment()}. */
    public RequestSpec attachment(final Object value) {
        attachment = value;
        return this;
    }
}
