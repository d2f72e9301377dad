package org.clockwork.worker;

import java.util.Map;
import org.agrona.DirectBuffer;
import org.clockwork.schema.codec.Status;
import org.clockwork.worker.input.InputStore;
import org.clockwork.worker.install.Installer;
import org.clockwork.worker.link.ControllerHandler;
import org.clockwork.worker.session.Session;
import org.clockwork.worker.session.SessionState;

/** Brings each message to its station, if the session is one in which it makes sense. Owned by the worker agent. */
final class Inbox implements ControllerHandler {
    private final long incarnation;
    private final Session session;
    private final ActionIntake intake;
    private final InputStore inputs;
    private final Installer installer;
    private final WorkerCounters counters;
    private long nowNs;

    Inbox(
            final long incarnation, final Session session, final ActionIntake intake, final InputStore inputs,
            final Installer installer, final WorkerCounters counters) {
        this.incarnation = incarnation;
        this.session = session;
        this.intake = intake;
        this.inputs = inputs;
        this.installer = installer;
        this.counters = counters;
    }

    /** The time of the messages that follow. */
    void now(final long timeNs) {
        nowNs = timeNs;
    }

    @Override
    public void onHelloAck(
            final long correlationId, final long epoch, final Status status, final int schemaVersion,
            final long heartbeatNs, final long timeoutNs, final int inlineBytes, final String detail) {
        session.onHelloAck(correlationId, epoch, status, schemaVersion, heartbeatNs, timeoutNs, inlineBytes, detail, nowNs);
    }

    @Override
    public void onHeartbeat(final long workerIncarnation, final long epoch, final long sentNs) {
        if (isLive()) {
            if (workerIncarnation != incarnation) {
                counters.increment(WorkerCounter.UNEXPECTED);
            } else if (session.accepts(epoch)) {
                session.onHeartbeat(sentNs, nowNs);
            }
        }
    }

    @Override
    public void onInstallArtifact(
            final long epoch, final int artifactId, final String key, final String fileHash, final long fileLength,
            final int maxBatch, final Map<String, Integer> dimensions, final String profileName,
            final String options) {
        if (isLive() && session.accepts(epoch)) {
            installer.onInstall(epoch, artifactId, key, fileHash, fileLength, maxBatch, dimensions, profileName, options);
        }
    }

    @Override
    public void onForgetArtifact(final long epoch, final int artifactId) {
        if (isLive() && session.accepts(epoch)) {
            installer.onForget(artifactId);
        }
    }

    @Override
    public void onLoad(
            final long epoch, final long actionId, final long earliestNs, final long latestNs,
            final long modelId, final int artifactId, final int deviceIndex) {
        if (isLive()) {
            intake.onLoad(epoch, actionId, earliestNs, latestNs, modelId, artifactId, deviceIndex, nowNs);
        }
    }

    @Override
    public void onUnload(
            final long epoch, final long actionId, final long earliestNs, final long latestNs,
            final long modelId, final int deviceIndex) {
        if (isLive()) {
            intake.onUnload(epoch, actionId, earliestNs, latestNs, modelId, deviceIndex, nowNs);
        }
    }

    @Override
    public void onInfer(
            final long epoch, final long actionId, final long earliestNs, final long latestNs,
            final long modelId, final int deviceIndex, final int batchSize, final int requestCount) {
        if (isLive()) {
            intake.onInfer(epoch, actionId, earliestNs, latestNs, modelId, deviceIndex, batchSize, requestCount, nowNs);
        } else {
            intake.ignoreInfer();
        }
    }

    @Override
    public void onInferRequest(
            final int index, final long requestId, final long seed, final int inputBytes, final boolean isGenerated,
            final boolean isOutputOmitted, final DirectBuffer buffer, final int inputOffset, final int inputLength) {
        intake.onInferRequest(
            index, requestId, seed, inputBytes, isGenerated, isOutputOmitted, buffer, inputOffset, inputLength, nowNs);
    }

    @Override
    public void onInferEnd() {
        intake.onInferEnd();
    }

    @Override
    public void onProfile(
            final long epoch, final long actionId, final long earliestNs, final long latestNs,
            final long modelId, final int deviceIndex, final int batchSize) {
        if (isLive()) {
            intake.onProfile(epoch, actionId, earliestNs, latestNs, modelId, deviceIndex, batchSize, nowNs);
        }
    }

    @Override
    public void onCancelAction(final long epoch, final long actionId) {
        if (isLive()) {
            intake.onCancel(epoch, actionId);
        }
    }

    /** The lanes are in no order between them: an INPUT may be read before the HELLO-ACK that was sent before it. */
    @Override
    public void onInput(
            final long requestId, final int tensorIndex, final int position, final int totalLength,
            final DirectBuffer buffer, final int offset, final int length) {
        if (session.state() == SessionState.AWAITING_ACK || isLive()) {
            inputs.onInput(requestId, tensorIndex, position, totalLength, buffer, offset, length, nowNs);
        }
    }

    @Override
    public void onFileChunk(
            final long transferId, final long position, final long totalLength,
            final DirectBuffer buffer, final int offset, final int length) {
        if (isLive()) {
            installer.onFileChunk(transferId, position, totalLength, buffer, offset, length, nowNs);
        }
    }

    @Override
    public void onMalformed() {
        counters.increment(WorkerCounter.MALFORMED);
    }

    private boolean isLive() {
        if (session.state() == SessionState.LIVE) {
            session.onHeard(nowNs);
            return true;
        }
        counters.increment(WorkerCounter.UNEXPECTED);
        return false;
    }
}
