package org.clockwork.controller.cluster;

import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.schema.codec.Status;

/**
 * What the request's way (queue to response) is told by the rest of the controller: members, models and sessions that
 * come and go. Called on the controller agent, inside its duty cycle.
 */
public interface ClusterObserver {
    /**
     * A worker takes actions: its HELLO and inventory are complete and its clock is known. {@link #onHeld} was called
     * for each model that its devices hold.
     */
    void onWorkerLive(WorkerState worker, long nowNs);

    /** A device of a joining worker holds this model already; a model unknown to the catalogue is not reported but unloaded. */
    void onHeld(DeviceState device, Model model, int pages, long nowNs);

    /** A device of a joining worker holds a copy that no registered model names; it is to be unloaded. */
    void onHeldUnknown(DeviceState device, long modelId, int pages, long nowNs);

    /** A worker finishes what it has and takes nothing new. */
    void onWorkerDraining(WorkerState worker, long nowNs);

    /** A worker is gone: what was in flight to it ends or is scheduled again elsewhere. */
    void onWorkerLost(WorkerState worker, long nowNs);

    /** An artifact can be loaded on the devices of this worker. */
    void onArtifactInstalled(WorkerState worker, Artifact artifact, long nowNs);

    /** An artifact can no longer be loaded on this worker. */
    void onArtifactForgotten(WorkerState worker, Artifact artifact, long nowNs);

    /** A model is in the catalogue; it may not be ready yet. */
    void onModelRegistered(Model model, long nowNs);

    /** A model leaves the catalogue: its waiting requests end with {@code status} and its copies are unloaded. */
    void onModelGone(Model model, Status status, long nowNs);

    /** A session is over: its requests in flight are cancelled and no response is sent. */
    void onSessionClosed(ClientSession session, long nowNs);
}
