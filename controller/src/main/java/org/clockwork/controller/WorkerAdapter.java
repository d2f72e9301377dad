package org.clockwork.controller;

import org.agrona.DirectBuffer;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.cluster.Cluster;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.model.Deployer;
import org.clockwork.schema.MessageCheck;
import org.clockwork.schema.codec.ActionResultDecoder;
import org.clockwork.schema.codec.ArtifactStateDecoder;
import org.clockwork.schema.codec.DrainingDecoder;
import org.clockwork.schema.codec.HeartbeatDecoder;
import org.clockwork.schema.codec.HelloDecoder;
import org.clockwork.schema.codec.InventoryDecoder;
import org.clockwork.schema.codec.OutputDecoder;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.MessageHandler;

/**
 * Takes what workers send: checks each message from end to end, finds its worker, and hands it to whom it concerns. What
 * can't be read or makes no sense is counted and dropped. Owned by the controller agent.
 */
final class WorkerAdapter implements MessageHandler {
    private final Cluster cluster;
    private final Deployer deployer;
    private final RequestPath path;
    private final ControllerCounters counters;
    private final ErrorHandler errorHandler;

    private final MessageCheck check = new MessageCheck();
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
    private final HelloDecoder hello = new HelloDecoder();
    private final InventoryDecoder inventory = new InventoryDecoder();
    private final HeartbeatDecoder heartbeat = new HeartbeatDecoder();
    private final ArtifactStateDecoder artifactState = new ArtifactStateDecoder();
    private final DrainingDecoder draining = new DrainingDecoder();
    private long nowNs;

    WorkerAdapter(
        final Cluster cluster,
        final Deployer deployer,
        final RequestPath path,
        final ControllerCounters counters,
        final ErrorHandler errorHandler) {
        this.cluster = cluster;
        this.deployer = deployer;
        this.path = path;
        this.counters = counters;
        this.errorHandler = errorHandler;
    }

    /** The time of the cycle in which messages are delivered. */
    void nowNs(final long cycleNs) {
        nowNs = cycleNs;
    }

    @Override
    public void onMessage(final Link link, final int lane, final DirectBuffer buffer, final int offset, final int length) {
        if (!check.isValid(buffer, offset, length)) {
            counters.increment(ControllerCounter.MALFORMED);
            return;
        }
        view.wrap(buffer, offset, length);
        try {
            if (lane == Link.CONTROL && check.templateId() == HelloDecoder.TEMPLATE_ID) {
                hello.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
                cluster.onHello(link, hello, nowNs);
                return;
            }
            final WorkerState worker = cluster.byLink(link);
            if (worker == null || (lane == Link.BULK) != (check.templateId() == OutputDecoder.TEMPLATE_ID)) {
                counters.increment(ControllerCounter.UNEXPECTED);
                return;
            }
            worker.lastReceivedNs = nowNs;
            onWorkerMessage(worker, length);
        } catch (final RuntimeException ex) {
            counters.increment(ControllerCounter.ERRORS);
            errorHandler.onError(ex);
        }
    }

    private void onWorkerMessage(final WorkerState worker, final int length) {
        switch (check.templateId()) {
            case ActionResultDecoder.TEMPLATE_ID, OutputDecoder.TEMPLATE_ID -> {
                if (worker.wasLive()) {
                    path.onWorkerMessage(worker, check.templateId(), view, 0, length, nowNs);
                } else {
                    counters.increment(ControllerCounter.UNEXPECTED);
                }
            }
            case HeartbeatDecoder.TEMPLATE_ID -> {
                heartbeat.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
                cluster.onHeartbeat(worker, heartbeat, nowNs);
            }
            case InventoryDecoder.TEMPLATE_ID -> {
                inventory.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
                cluster.onInventory(worker, inventory, nowNs);
            }
            case ArtifactStateDecoder.TEMPLATE_ID -> {
                artifactState.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
                deployer.onArtifactState(worker, artifactState, nowNs);
            }
            case DrainingDecoder.TEMPLATE_ID -> {
                draining.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
                cluster.onDraining(worker, draining, nowNs);
            }
            default -> counters.increment(ControllerCounter.UNEXPECTED);
        }
    }
}
