package org.clockwork.controller.model;

import java.util.HexFormat;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ControllerCounters;
import org.clockwork.controller.cluster.Cluster;
import org.clockwork.controller.cluster.ClusterObserver;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.storage.ModelFiles;
import org.clockwork.controller.storage.Storage;
import org.clockwork.controller.wire.Names;
import org.clockwork.schema.codec.ArtifactPhase;
import org.clockwork.schema.codec.ArtifactStateDecoder;
import org.clockwork.schema.codec.Status;

/**
 * Brings the artifacts to the workers: each live worker gets all that its devices can run, a few at a time, with the file
 * if it asks for it, and says how it fares. Owned by the controller agent.
 */
public final class Deployer implements Cluster.Listener {
    /** Artifacts that one worker works on at once. */
    private static final int MAX_INSTALLING = 16;
    private static final long ROUND_NS = 20_000L;
    private static final int DETAIL_LIMIT = 1024;

    private final Catalogue catalogue;
    private final ModelFiles store;
    private final Storage storage;
    private final ClusterObserver observer;
    private final ControllerCounters counters;
    private final InstallMessages messages;
    private final ArtifactReport report = new ArtifactReport();
    private final Deployment[] deployments;
    private boolean isRoundDue;
    private boolean hasMore;
    private long nextRoundNs;
    private long polledNs;

    /** For so many workers at most. */
    public Deployer(
        final CatalogueStore catalogueStore,
        final int maxWorkers,
        final Storage storage,
        final ClusterObserver observer,
        final ControllerCounters counters) {
        catalogue = catalogueStore.catalogue();
        store = catalogueStore.files();
        this.storage = storage;
        this.observer = observer;
        this.counters = counters;
        messages = new InstallMessages(catalogue.epoch());
        deployments = new Deployment[maxWorkers];
    }

    @Override
    public void onWorkerLive(final WorkerState worker, final long nowNs) {
        final Deployment deployment = new Deployment(worker, catalogue.maxArtifacts());
        deployments[worker.index] = deployment;
        for (int id = 0; id < catalogue.maxArtifacts(); id++) {
            final Artifact artifact = catalogue.artifact(id);
            if (artifact != null) {
                plan(deployment, artifact);
                judge(artifact);
            }
        }
        catalogue.refreshAll(nowNs);
    }

    @Override
    public void onWorkerLeaves(final WorkerState worker, final long nowNs) {
        final Deployment deployment = deployments[worker.index];
        if (deployment == null || deployment.worker != worker) {
            return;
        }
        deployments[worker.index] = null;
        deployment.feeds.forEach(FileFeed::close);
        for (int id = 0; id < catalogue.maxArtifacts(); id++) {
            final Artifact artifact = catalogue.artifact(id);
            if (artifact != null) {
                artifact.installedOn -= deployment.phase(id) == Deployment.Phase.READY ? 1 : 0;
                judge(artifact);
            }
        }
        catalogue.refreshAll(nowNs);
    }

    void onArtifactAdded(final Artifact artifact) {
        for (final Deployment deployment : deployments) {
            if (deployment != null) {
                plan(deployment, artifact);
            }
        }
    }

    void onArtifactRemoved(final Artifact artifact, final long nowNs) {
        for (final Deployment deployment : deployments) {
            if (deployment == null) {
                continue;
            }
            final Deployment.Phase phase = deployment.phase(artifact.id);
            deployment.phase(artifact.id, Deployment.Phase.ABSENT);
            closeFeed(deployment, artifact);
            if (phase == Deployment.Phase.READY) {
                observer.onArtifactForgotten(deployment.worker, artifact, nowNs);
            }
            if (phase != Deployment.Phase.ABSENT && phase != Deployment.Phase.PENDING) {
                forget(deployment, artifact);
            }
        }
    }

    /** A worker says how an artifact fares there. */
    public void onArtifactState(final WorkerState worker, final ArtifactStateDecoder message, final long nowNs) {
        if (message.epoch() != catalogue.epoch()) {
            counters.increment(ControllerCounter.STALE_EPOCH);
            return;
        }
        report.read(message);
        final Deployment deployment = deployments[worker.index];
        final int id = report.artifactId;
        final Artifact artifact = id < 0 || id >= catalogue.maxArtifacts() ? null : catalogue.artifact(id);
        if (deployment == null || deployment.worker != worker || artifact == null) {
            counters.increment(ControllerCounter.UNEXPECTED);
            return;
        }
        final Deployment.Phase phase = deployment.phase(id);
        final boolean isInstalling = phase == Deployment.Phase.SENT;
        if (report.phase == ArtifactPhase.READY && isInstalling) {
            onReady(deployment, artifact, nowNs);
        } else if (report.phase == ArtifactPhase.FAILED && (isInstalling || phase == Deployment.Phase.READY)) {
            onFailed(deployment, artifact, report.status, report.detail, nowNs);
        } else if (report.phase == ArtifactPhase.NEED_FILE && isInstalling && artifact.profileName.isEmpty()) {
            closeFeed(deployment, artifact);
            deployment.feeds.addLast(new FileFeed(worker, artifact, report.transferId,
                HexFormat.of().formatHex(artifact.fileSha256()), store, storage));
            isRoundDue = true;
        } else if (report.phase != ArtifactPhase.COMPILING) {
            counters.increment(ControllerCounter.UNEXPECTED);
        }
    }

    /**
     * Sends installations and files on, as far as the lanes take them.
     *
     * @return messages sent.
     */
    public int poll(final long nowNs) {
        polledNs = nowNs;
        if (!isRoundDue && (!hasMore || nowNs - nextRoundNs < 0)) {
            return 0;
        }
        isRoundDue = false;
        hasMore = false;
        int sent = 0;
        for (final Deployment deployment : deployments) {
            if (deployment != null) {
                sent += install(deployment) + feed(deployment, nowNs);
            }
        }
        nextRoundNs = nowNs + ROUND_NS;
        return sent;
    }

    /** When {@link #poll} has something to send though nothing happened; Long.MAX_VALUE for never. */
    public long nextWakeNs() {
        if (isRoundDue) {
            return polledNs;
        }
        return hasMore ? nextRoundNs : Long.MAX_VALUE;
    }

    private void plan(final Deployment deployment, final Artifact artifact) {
        if (deployment.suits(artifact)) {
            deployment.phase(artifact.id, Deployment.Phase.PENDING);
            deployment.pending.addInt(artifact.id);
            isRoundDue = true;
        }
    }

    private int install(final Deployment deployment) {
        int sent = 0;
        while (!deployment.pending.isEmpty() && deployment.installing < MAX_INSTALLING) {
            final int id = deployment.pending.peekInt();
            if (deployment.phase(id) == Deployment.Phase.PENDING) {
                if (!messages.install(deployment.worker, catalogue.artifact(id))) {
                    hasMore = true;
                    return sent;
                }
                deployment.phase(id, Deployment.Phase.SENT);
                sent++;
            }
            deployment.pending.pollInt();
        }
        return sent;
    }

    /** One file at a time for each worker. */
    private int feed(final Deployment deployment, final long nowNs) {
        final FileFeed feed = deployment.feeds.peekFirst();
        if (feed == null) {
            return 0;
        }
        final int sent = feed.poll();
        if (feed.failure() != null) {
            forget(deployment, feed.artifact);
            onFailed(deployment, feed.artifact, Status.INVALID_MODEL_FILE,
                "the controller can't read its copy of the file: " + feed.failure().getMessage(), nowNs);
        } else if (feed.isComplete()) {
            feed.close();
            deployment.feeds.removeFirst();
        }
        hasMore |= !deployment.feeds.isEmpty();
        return sent;
    }

    private void onReady(final Deployment deployment, final Artifact artifact, final long nowNs) {
        if (report.fault != null) {
            rejectReport(deployment, artifact, Status.COMPILE_FAILED, "contradictory report: " + report.fault, nowNs);
        } else if (report.pages > deployment.largestDevicePages()) {
            rejectReport(deployment, artifact, Status.MODEL_TOO_LARGE, "it needs " + report.pages
                + " pages, the largest device has " + deployment.largestDevicePages(), nowNs);
        } else if (artifact.installedOn > 0
            && (report.pages != artifact.pages || !report.tensors.equals(artifact.tensors))) {
            rejectReport(deployment, artifact, Status.COMPILE_FAILED, "it has " + report.pages + " pages and tensors "
                + report.tensors + ", on other workers " + artifact.pages + " and " + artifact.tensors, nowNs);
        } else {
            accept(artifact);
            deployment.phase(artifact.id, Deployment.Phase.READY);
            isRoundDue = true;
            closeFeed(deployment, artifact);
            artifact.installedOn++;
            artifact.failure = Status.OK;
            artifact.failureDetail = "";
            counters.increment(ControllerCounter.ARTIFACTS_READY);
            observer.onArtifactInstalled(deployment.worker, artifact, nowNs);
            catalogue.refresh(artifact, nowNs);
        }
    }

    private void accept(final Artifact artifact) {
        final boolean isFirst = artifact.installedOn == 0;
        artifact.engine = report.engine;
        final int maxBatch = isFirst ? report.maxBatch : Math.min(artifact.maxBatch, report.maxBatch);
        if (isFirst && (artifact.pages != report.pages || artifact.weightsBytes != report.weightsBytes
            || !artifact.tensors.equals(report.tensors)) || maxBatch != artifact.maxBatch) {
            artifact.pages = report.pages;
            artifact.weightsBytes = report.weightsBytes;
            artifact.describe(report.tensors);
            artifact.maxBatch = maxBatch;
            catalogue.changed();
        }
        if (artifact.profile.batchSizeCount() == 0 && !report.executeNs.isEmpty()) {
            for (int i = 0; i < report.executeNs.size() && Profile.batchSize(i) <= report.maxBatch; i++) {
                artifact.profile.recordExecute(i, report.executeNs.get(i));
            }
            artifact.isProfiled = true;
            catalogue.changed();
        }
        if (artifact.profile.loadNs() == 0 && report.loadNs > 0) {
            artifact.profile.recordLoad(report.loadNs);
        }
    }

    /** The worker believes that it can run this; it has to forget it. */
    private void rejectReport(
        final Deployment deployment, final Artifact artifact, final Status status, final String detail, final long nowNs) {
        forget(deployment, artifact);
        onFailed(deployment, artifact, status, detail, nowNs);
    }

    private void onFailed(
        final Deployment deployment, final Artifact artifact, final Status status, final String detail, final long nowNs) {
        counters.increment(ControllerCounter.ARTIFACTS_FAILED);
        closeFeed(deployment, artifact);
        if (deployment.phase(artifact.id) == Deployment.Phase.READY) {
            artifact.installedOn--;
            observer.onArtifactForgotten(deployment.worker, artifact, nowNs);
        }
        deployment.phase(artifact.id, Deployment.Phase.FAILED);
        isRoundDue = true;
        artifact.lastFailure = isFailure(status) ? status : Status.COMPILE_FAILED;
        artifact.lastFailureDetail = Names.shorten("worker " + deployment.worker.name + ": " + detail, DETAIL_LIMIT);
        judge(artifact);
        catalogue.refresh(artifact, nowNs);
    }

    /** An artifact has failed when some live worker can't run it and none can or may yet. */
    private void judge(final Artifact artifact) {
        boolean isFailed = false;
        boolean isHopeful = false;
        for (final Deployment deployment : deployments) {
            if (deployment != null) {
                final Deployment.Phase phase = deployment.phase(artifact.id);
                isFailed |= phase == Deployment.Phase.FAILED;
                isHopeful |= phase != Deployment.Phase.FAILED && phase != Deployment.Phase.ABSENT;
            }
        }
        artifact.failure = isFailed && !isHopeful ? artifact.lastFailure : Status.OK;
        artifact.failureDetail = isFailed && !isHopeful ? artifact.lastFailureDetail : "";
    }

    private void forget(final Deployment deployment, final Artifact artifact) {
        if (!messages.forget(deployment.worker, artifact.id)) {
            deployment.worker.link.close();
        }
    }

    private static void closeFeed(final Deployment deployment, final Artifact artifact) {
        deployment.feeds.removeIf(feed -> {
            final boolean isOf = feed.artifact == artifact;
            if (isOf) {
                feed.close();
            }
            return isOf;
        });
    }

    private static boolean isFailure(final Status status) {
        return status != Status.OK && status != Status.SBE_UNKNOWN && status != Status.NULL_VAL;
    }
}
