package org.clockwork.controller;

import org.agrona.DirectBuffer;
import org.clockwork.controller.cluster.ClusterObserver;
import org.clockwork.controller.cluster.DeviceState;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.schema.codec.Status;

/**
 * The way of a request through the controller, from its arrival to its one end: the stations request, queue, schedule,
 * action, dispatch, result and response behind one door. Owned by the controller agent, which calls it in the order of
 * its duty cycle: messages of workers, messages of clients, {@link #schedule}, {@link #flush}.
 */
public final class RequestPath implements ClusterObserver {
    private final RequestPathContext context;
    private final PathFigures figures = new PathFigures();

    /** The stations, with their tables at their full size; the context is concluded here. */
    public RequestPath(final RequestPathContext context) {
        this.context = context.conclude();
    }

    /**
     * Takes an ACTION-RESULT (control lane) or OUTPUT (bulk lane) of a worker whose HELLO is complete.
     *
     * @param templateId of the message; others are counted as malformed.
     * @param offset     of the SBE header, whose schema and version were checked.
     * @param length     of the message with its header.
     */
    public void onWorkerMessage(
        final WorkerState worker,
        final int templateId,
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final long nowNs) {
    }

    /**
     * Takes an INFER-REQUEST or CANCEL-REQUEST (control lane) or INPUT (bulk lane) of an open session.
     *
     * @param templateId of the message; others are counted as malformed.
     * @param offset     of the SBE header, whose schema and version were checked.
     * @param length     of the message with its header.
     */
    public void onClientMessage(
        final ClientSession session,
        final int templateId,
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final long nowNs) {
    }

    /**
     * Decides what the devices do next, and which requests are refused.
     *
     * @return work done.
     */
    public int schedule(final long nowNs) {
        return 0;
    }

    /**
     * Offers again what peers could not take before.
     *
     * @return work done.
     */
    public int flush(final long nowNs) {
        return 0;
    }

    /**
     * Housekeeping: time-outs of actions and of inputs that never come.
     *
     * @return work done.
     */
    public int slowTick(final long nowNs) {
        return 0;
    }

    /** Earliest time at which {@link #schedule} or {@link #flush} has something to do if no message comes. */
    public long nextWakeNs() {
        return Long.MAX_VALUE;
    }

    /** From now on new requests are refused with CONTROLLER_DRAINING; what is in flight goes on. */
    public void drain() {
    }

    /** Totals since the start. */
    public PathFigures figures() {
        return figures;
    }

    /** Requests not ended yet. */
    public int requestsInFlight() {
        return 0;
    }

    /** Fills in what is known about a device. */
    public void figuresOf(final DeviceState device, final DeviceFigures into, final long nowNs) {
    }

    /** Name of the scheduling policy. */
    public String policy() {
        return context.policy();
    }

    @Override
    public void onWorkerLive(final WorkerState worker, final long nowNs) {
    }

    @Override
    public void onHeld(final DeviceState device, final Model model, final int pages, final long nowNs) {
    }

    @Override
    public void onHeldUnknown(final DeviceState device, final long modelId, final int pages, final long nowNs) {
    }

    @Override
    public void onWorkerDraining(final WorkerState worker, final long nowNs) {
    }

    @Override
    public void onWorkerLost(final WorkerState worker, final long nowNs) {
    }

    @Override
    public void onArtifactInstalled(final WorkerState worker, final Artifact artifact, final long nowNs) {
    }

    @Override
    public void onArtifactForgotten(final WorkerState worker, final Artifact artifact, final long nowNs) {
    }

    @Override
    public void onModelRegistered(final Model model, final long nowNs) {
    }

    @Override
    public void onModelGone(final Model model, final Status status, final long nowNs) {
    }

    @Override
    public void onSessionClosed(final ClientSession session, final long nowNs) {
    }
}
