package org.clockwork.client;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.InferResponseDecoder;
import org.clockwork.schema.codec.Status;

/**
 * How a request ended. A flyweight that the core uses again: it and its buffers are valid only during
 * {@link ResponseHandler#onResponse}. Owned by the thread that polls the core.
 */
public final class InferResult {
    long requestId;
    long token;
    Object attachment;
    long modelId;
    Status status = Status.OK;
    long sloNs;
    long latencyNs;
    long sendLagNs;
    boolean isInTime;
    boolean isFromController;

    private int batchSize;
    private long queueNs;
    private long loadNs;
    private long copyInNs;
    private long executeNs;
    private long copyOutNs;
    private long controllerNs;
    private long earliestNs;
    private boolean isCold;
    private boolean isInputGenerated;
    private boolean isOutputOmitted;
    private boolean isEmulated;
    private boolean isInTimeAtController;
    private int outputBytes;

    private final UnsafeBuffer detailBytes = new UnsafeBuffer(0, 0);
    private String detail;
    private int outputCount;
    private UnsafeBuffer[] outputs = {new UnsafeBuffer(0, 0)};

    InferResult() {
    }

    /** The id that {@link ClientCore#infer} returned. */
    public long requestId() {
        return requestId;
    }

    /** From {@link RequestSpec#token}. */
    public long token() {
        return token;
    }

    /** From {@link RequestSpec#attachment}. */
    public Object attachment() {
        return attachment;
    }

    /** The model. */
    public long modelId() {
        return modelId;
    }

    /** OK, or why there is no answer. */
    public Status status() {
        return status;
    }

    /** Whether the model answered. */
    public boolean isOk() {
        return status == Status.OK;
    }

    /** The client's own verdict: answered, and the latency is at most the SLO, if there is one. */
    public boolean isInTime() {
        return isInTime;
    }

    /** The SLO of the verdict: the request's, or the model's default if known, or {@link Protocol#NULL_NS}. */
    public long sloNs() {
        return sloNs;
    }

    /** Intended send time to this end. */
    public long latencyNs() {
        return latencyNs;
    }

    /** Part of the latency before the request was sent. */
    public long sendLagNs() {
        return sendLagNs;
    }

    /** Part of the latency that is neither {@link #sendLagNs()} nor {@link #controllerNs()}. */
    public long networkNs() {
        return Math.max(0, latencyNs - sendLagNs - controllerNs);
    }

    /** Whether the controller ended it; false when the client did: time-out, lost controller, closed client. */
    public boolean isFromController() {
        return isFromController;
    }

    /** Requests that ran together with this one, itself included; 0 if it did not run. */
    public int batchSize() {
        return batchSize;
    }

    /** Arrival at the controller to the start of copy-in, without loading. */
    public long queueNs() {
        return queueNs;
    }

    /** Part of the wait in which the model was being loaded. */
    public long loadNs() {
        return loadNs;
    }

    /** Input to the device. */
    public long copyInNs() {
        return copyInNs;
    }

    /** On the device. */
    public long executeNs() {
        return executeNs;
    }

    /** Output from the device. */
    public long copyOutNs() {
        return copyOutNs;
    }

    /** Arrival at the controller to its response. */
    public long controllerNs() {
        return controllerNs;
    }

    /** For a refusal: the SLO, counted from arrival, that could have been met; or {@link Protocol#NULL_NS}. */
    public long earliestNs() {
        return earliestNs;
    }

    /** Whether the model had to be loaded after this request arrived. */
    public boolean isCold() {
        return isCold;
    }

    /** Whether the worker generated the input. */
    public boolean isInputGenerated() {
        return isInputGenerated;
    }

    /** Whether the output was left out, as asked. */
    public boolean isOutputOmitted() {
        return isOutputOmitted;
    }

    /** Whether the device was an emulation: times are real to it, values are not. */
    public boolean isEmulated() {
        return isEmulated;
    }

    /** The controller's own verdict. */
    public boolean isInTimeAtController() {
        return isInTimeAtController;
    }

    /** Bytes of all output tensors together. */
    public int outputBytes() {
        return outputBytes;
    }

    /** Output tensors here; a small output of a model that the core has no entry of counts as one tensor. */
    public int outputCount() {
        return outputCount;
    }

    /** The bytes of one output tensor, little-endian. */
    public DirectBuffer output(final int index) {
        if (index < 0 || index >= outputCount) {
            throw new IndexOutOfBoundsException("output " + index + " of " + outputCount);
        }
        return outputs[index];
    }

    /** A sentence for people; empty when OK. Allocates. */
    public String detail() {
        if (detail == null) {
            final byte[] bytes = new byte[detailBytes.capacity()];
            detailBytes.getBytes(0, bytes);
            detail = new String(bytes, StandardCharsets.UTF_8);
        }
        return detail;
    }

    /** Takes over the fixed fields of a response. */
    void wrapFields(final InferResponseDecoder decoder, final Status responseStatus) {
        status = responseStatus;
        isFromController = true;
        batchSize = decoder.batchSize();
        queueNs = Math.max(0, decoder.queueNs());
        loadNs = Math.max(0, decoder.loadNs());
        copyInNs = Math.max(0, decoder.copyInNs());
        executeNs = Math.max(0, decoder.executeNs());
        copyOutNs = Math.max(0, decoder.copyOutNs());
        controllerNs = Math.max(0, decoder.totalNs());
        earliestNs = decoder.earliestNs();
        isCold = decoder.flags().cold();
        isInputGenerated = decoder.flags().generatedInput();
        isOutputOmitted = decoder.flags().outputOmitted();
        isEmulated = decoder.flags().emulated();
        isInTimeAtController = decoder.flags().inTimeAtController();
        outputBytes = decoder.outputBytes();
        outputCount = 0;
        detail = "";
    }

    /** An end that the client itself decided. */
    void wrapLocal(final Status localStatus, final String sentence) {
        status = localStatus;
        isFromController = false;
        batchSize = 0;
        queueNs = 0;
        loadNs = 0;
        copyInNs = 0;
        executeNs = 0;
        copyOutNs = 0;
        controllerNs = 0;
        earliestNs = Protocol.NULL_NS;
        isCold = false;
        isInputGenerated = false;
        isOutputOmitted = false;
        isEmulated = false;
        isInTimeAtController = false;
        outputBytes = 0;
        outputCount = 0;
        detail = sentence;
    }

    /** An answer whose output is lost: its fields stay, its status does not. */
    void outputLost(final String sentence) {
        status = Status.OUTPUT_LOST;
        outputBytes = 0;
        outputCount = 0;
        detail = sentence;
    }

    void wrapDetail(final DirectBuffer buffer, final int offset, final int length) {
        detailBytes.wrap(buffer, offset, length);
        detail = null;
    }

    /** The output of a small answer: cut by the model's entry where that fits, else one tensor. */
    void wrapInlineOutput(final DirectBuffer buffer, final int offset, final int length, final ModelInfo model) {
        if (model != null && model.outputs().size() > 1 && model.outputBytes() == length) {
            final List<TensorInfo> tensors = model.outputs();
            int at = offset;
            for (int i = 0; i < tensors.size(); i++) {
                addOutput(buffer, at, tensors.get(i).bytes());
                at += tensors.get(i).bytes();
            }
        } else if (length > 0) {
            addOutput(buffer, offset, length);
        }
    }

    void addOutput(final DirectBuffer buffer, final int offset, final int length) {
        if (outputCount == outputs.length) {
            final UnsafeBuffer[] larger = new UnsafeBuffer[outputCount * 2];
            System.arraycopy(outputs, 0, larger, 0, outputCount);
            for (int i = outputCount; i < larger.length; i++) {
                larger[i] = new UnsafeBuffer(0, 0);
            }
            outputs = larger;
        }
        outputs[outputCount++].wrap(buffer, offset, length);
    }

    /** Lets go of everything that is not its own. */
    void release() {
        attachment = null;
        outputCount = 0;
        detail = "";
    }
}
