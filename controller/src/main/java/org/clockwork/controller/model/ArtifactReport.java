package org.clockwork.controller.model;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.controller.wire.Names;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ArtifactPhase;
import org.clockwork.schema.codec.ArtifactStateDecoder;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.Status;

/** What an ARTIFACT-STATE says, and whether it contradicts itself. Read anew for each. Owned by the controller agent. */
final class ArtifactReport {
    private static final int MAX_TENSORS = 256;
    private static final int MAX_TEXT = 256;
    private static final int MAX_ENGINE = 512;
    /** Encoded names and shapes, so that a MODEL-ENTRY always fits its message. */
    private static final int MAX_TENSOR_BYTES = 48 * 1024;

    int artifactId;
    ArtifactPhase phase;
    Status status;
    long transferId;
    long weightsBytes;
    int pages;
    int maxBatch;
    /** 0 while unknown. */
    long loadNs;
    /** By index of the batch size, as far as they are known from 1 up without a gap. */
    final List<Long> executeNs = new ArrayList<>();
    List<Artifact.Tensor> tensors;
    String detail;
    String engine;
    /** What is wrong with it, or null. */
    String fault;

    void read(final ArtifactStateDecoder message) {
        fault = null;
        artifactId = message.artifactId();
        phase = message.phase();
        status = message.status();
        transferId = message.transferId();
        weightsBytes = message.weightsBytes();
        pages = message.pages();
        maxBatch = message.maxBatch();
        loadNs = Math.max(0, message.loadNs());
        readProfile(message.profile());
        readTensors(message.tensors());
        detail = message.detail();
        engine = Names.shorten(message.engine(), MAX_ENGINE);
        if (phase == ArtifactPhase.READY && fault == null) {
            if (weightsBytes < 0 || pages < 1 || maxBatch < 1 || maxBatch > Protocol.MAX_BATCH) {
                fault = "weightsBytes=" + weightsBytes + " pages=" + pages + " maxBatch=" + maxBatch;
            }
        }
    }

    private void readProfile(final ArtifactStateDecoder.ProfileDecoder group) {
        executeNs.clear();
        while (group.hasNext()) {
            group.next();
            final int i = executeNs.size();
            final int batchSize = group.batchSize();
            final long durationNs = group.executeNs();
            if (durationNs < 0) {
                fault = "batchSize=" + batchSize + " executeNs=" + durationNs;
            } else if (batchSize <= Protocol.MAX_BATCH && i <= Profile.indexOf(Protocol.MAX_BATCH)
                && batchSize == Profile.batchSize(i)) {
                executeNs.add(durationNs);
            }
        }
    }

    private void readTensors(final ArtifactStateDecoder.TensorsDecoder group) {
        tensors = new ArrayList<>();
        if (group.count() > MAX_TENSORS) {
            fault = "tensors=" + group.count() + " are more than " + MAX_TENSORS;
        }
        long inputBytes = 0;
        long outputBytes = 0;
        int textBytes = 0;
        boolean isInputDue = true;
        while (group.hasNext()) {
            group.next();
            final boolean isOutput = group.isOutput() != 0;
            final DataType type = group.dataType();
            final int bytes = group.bytes();
            final String name = group.name();
            final String shape = group.shape();
            textBytes += 3 * (name.length() + shape.length());
            if (bytes < 0 || !isOutput && !isInputDue || type == DataType.SBE_UNKNOWN || type == DataType.NULL_VAL
                || name.length() > MAX_TEXT || shape.length() > MAX_TEXT || textBytes > MAX_TENSOR_BYTES) {
                fault = "tensor " + tensors.size() + " type=" + type + " bytes=" + bytes + " isOutput=" + isOutput;
                continue;
            }
            isInputDue &= !isOutput;
            inputBytes += isOutput ? 0 : bytes;
            outputBytes += isOutput ? bytes : 0;
            tensors.add(new Artifact.Tensor(isOutput, type, bytes, name, shape));
        }
        if (Math.max(inputBytes, outputBytes) > Integer.MAX_VALUE) {
            fault = "inputBytes=" + inputBytes + " outputBytes=" + outputBytes;
        }
    }
}
