package org.clockwork.worker.link;

import java.util.Map;
import org.agrona.DirectBuffer;
import org.clockwork.schema.codec.Status;

/** What a controller says to a worker, decoded; each method is one message of the protocol. Buffers hold for the call only. */
public interface ControllerHandler {
    /** The answer to HELLO. */
    void onHelloAck(
        long correlationId, long epoch, Status status, int schemaVersion,
        long heartbeatNs, long timeoutNs, int inlineBytes, String detail);

    /** A sign of life with a clock sample. */
    void onHeartbeat(long incarnation, long epoch, long sentNs);

    /** Get ready to run this; {@code fileHash} is null for a profile, {@code profileName} for a file. */
    void onInstallArtifact(
        long epoch, int artifactId, String key, String fileHash, long fileLength, int maxBatch,
        Map<String, Integer> dimensions, String profileName, String options);

    /** No model uses this any more. */
    void onForgetArtifact(long epoch, int artifactId);

    /** Copy weights to device pages. */
    void onLoad(long epoch, long actionId, long earliestNs, long latestNs, long modelId, int artifactId, int deviceIndex);

    /** Give the pages of a model back. */
    void onUnload(long epoch, long actionId, long earliestNs, long latestNs, long modelId, int deviceIndex);

    /** Run a batch; its requests follow. */
    void onInfer(
        long epoch, long actionId, long earliestNs, long latestNs, long modelId, int deviceIndex, int batchSize,
        int requestCount);

    /** One request of the batch. */
    void onInferRequest(
        int index, long requestId, long seed, int inputBytes, boolean isGenerated, boolean isOutputOmitted,
        DirectBuffer buffer, int inputOffset, int inputLength);

    /** The batch is complete. */
    void onInferEnd();

    /** Measure a batch of generated inputs. */
    void onProfile(
        long epoch, long actionId, long earliestNs, long latestNs, long modelId, int deviceIndex, int batchSize);

    /** Take an action back if it has not started. */
    void onCancelAction(long epoch, long actionId);

    /** A part of an input tensor. */
    void onInput(
        long requestId, int tensorIndex, int position, int totalLength, DirectBuffer buffer, int offset, int length);

    /** A part of a model file. */
    void onFileChunk(long transferId, long position, long totalLength, DirectBuffer buffer, int offset, int length);

    /** A message that is none of these. */
    void onMalformed();
}
