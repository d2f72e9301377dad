package org.clockwork.client;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;

/**
 * How a request of a {@link ClockworkClient} ended. All durations are nanoseconds; see {@link InferResult} for each.
 *
 * @param status           OK, or why there is no answer.
 * @param detail           a sentence for people; empty when OK.
 * @param modelId          the model.
 * @param isInTime         the client's verdict: answered, and within the SLO if there is one.
 * @param sloNs            the SLO of the verdict, or {@link Protocol#NULL_NS}.
 * @param latencyNs        from the call to its end.
 * @param sendLagNs        of it, before the request was sent.
 * @param networkNs        of it, outside the controller after the request was sent.
 * @param controllerNs     of it, at the controller and its workers.
 * @param queueNs          arrival at the controller to the start of copy-in, without loading.
 * @param loadNs           part of the wait in which the model was being loaded.
 * @param copyInNs         input to the device.
 * @param executeNs        on the device.
 * @param copyOutNs        output from the device.
 * @param earliestNs       for a refusal: the SLO that could have been met, or {@link Protocol#NULL_NS}.
 * @param batchSize        requests that ran together with this one; 0 if it did not run.
 * @param isCold           whether the model had to be loaded after the request arrived.
 * @param isEmulated       whether the device was an emulation.
 * @param isInputGenerated whether the worker generated the input.
 * @param outputs          the output tensors, little-endian and read-only.
 */
public record Answer(
    Status status, String detail, long modelId, boolean isInTime, long sloNs, long latencyNs, long sendLagNs,
    long networkNs, long controllerNs, long queueNs, long loadNs, long copyInNs, long executeNs, long copyOutNs,
    long earliestNs, int batchSize, boolean isCold, boolean isEmulated, boolean isInputGenerated,
    List<ByteBuffer> outputs) {

    /** Keeps its own unmodifiable copy of the list. */
    public Answer {
        outputs = List.copyOf(outputs);
    }

    static Answer of(final InferResult r, final String detail) {
        final List<ByteBuffer> outputs = new ArrayList<>(r.outputCount());
        for (int i = 0; i < r.outputCount(); i++) {
            final byte[] bytes = new byte[r.output(i).capacity()];
            r.output(i).getBytes(0, bytes);
            outputs.add(ByteBuffer.wrap(bytes).asReadOnlyBuffer());
        }
        return new Answer(
            r.status(), detail, r.modelId(), r.isInTime(), r.sloNs(), r.latencyNs(), r.sendLagNs(), r.networkNs(),
            r.controllerNs(), r.queueNs(), r.loadNs(), r.copyInNs(), r.executeNs(), r.copyOutNs(), r.earliestNs(),
            r.batchSize(), r.isCold(), r.isEmulated(), r.isInputGenerated(), outputs);
    }

    /** An end without a request: nothing was sent. */
    static Answer unsent(final Status status, final String detail, final long sloNs, final long latencyNs) {
        return new Answer(
            status, detail, 0, false, sloNs, latencyNs, latencyNs, 0, 0, 0, 0, 0, 0, 0, Protocol.NULL_NS, 0,
            false, false, false, List.of());
    }

    /** Whether the model answered. */
    public boolean isOk() {
        return status == Status.OK;
    }

    /** This, if the model answered. Throws a {@link ClientException} with the status and the sentence if not. */
    public Answer orThrow() {
        if (!isOk()) {
            throw new ClientException(status, detail);
        }
        return this;
    }

    /** One output tensor as a little-endian buffer of its own position and limit. */
    public ByteBuffer output(final int index) {
        return outputs.get(index).duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** One output tensor of 32-bit floats. */
    public float[] floats(final int index) {
        final ByteBuffer bytes = output(index);
        final float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    /** One output tensor of 64-bit integers. */
    public long[] longs(final int index) {
        final ByteBuffer bytes = output(index);
        final long[] values = new long[bytes.remaining() / Long.BYTES];
        bytes.asLongBuffer().get(values);
        return values;
    }
}
