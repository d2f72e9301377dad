package org.clockwork.controller.cluster;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Supplier;
import org.agrona.collections.Long2ObjectHashMap;
import org.clockwork.controller.Authenticator;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ControllerCounters;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.model.ModelCatalogue;
import org.clockwork.controller.wire.Times;
import org.clockwork.schema.codec.DrainingDecoder;
import org.clockwork.schema.codec.HeartbeatDecoder;
import org.clockwork.schema.codec.HelloDecoder;
import org.clockwork.schema.codec.InventoryDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.WorkerPhase;
import org.clockwork.schema.link.Link;

/**
 * The workers: who is here, alive, and may be given work. A worker joins with HELLO and INVENTORY, is live when its clock
 * is known too, and is gone when it is silent or its link is over. Owned by the controller agent.
 */
public final class Cluster {
    private static final int KEY_BYTES = 32;
    /** A worker that joins must be live within this many time-outs. */
    private static final int JOIN_TIMEOUTS = 10;

    private final Options options;
    private final Authenticator authenticator;
    private final Supplier<String> redirect;
    private final ModelCatalogue catalogue;
    private final ClusterObserver observer;
    private final Listener listener;
    private final ControllerCounters counters;
    private final WorkerMessages messages;
    private final Admission admission = new Admission();
    private final byte[] key = new byte[KEY_BYTES];

    private final WorkerState[] workers;
    private final BitSet deviceSlots;
    /** By link id; looked up only, never iterated. */
    private final Long2ObjectHashMap<WorkerState> byLink = new Long2ObjectHashMap<>();
    private int workerCount;
    private long nextTickNs;

    /**
     * Limits and times.
     *
     * @param epoch            of this controller.
     * @param maxWorkers       at once.
     * @param maxDevices       at once, over all workers.
     * @param maxInventory     models that one worker may hold when it joins.
     * @param heartbeatNs      between heartbeats.
     * @param timeoutNs        of silence after which a worker is gone.
     * @param inlineBytes      up to which tensors go inside control messages.
     */
    public record Options(
        long epoch, int maxWorkers, int maxDevices, int maxInventory, long heartbeatNs, long timeoutNs, int inlineBytes) {
    }

    /** Told of workers after the request's way was told. */
    public interface Listener {
        /** A worker takes actions. */
        void onWorkerLive(WorkerState worker, long nowNs);

        /** A worker that was live takes nothing new; it is draining or gone. Called for each of the two. */
        void onWorkerLeaves(WorkerState worker, long nowNs);
    }

    /** An empty cluster. */
    public Cluster(
        final Options options,
        final Authenticator authenticator,
        final Supplier<String> redirect,
        final ModelCatalogue catalogue,
        final ClusterObserver observer,
        final Listener listener,
        final ControllerCounters counters) {
        this.options = options;
        this.authenticator = authenticator;
        this.redirect = redirect;
        this.catalogue = catalogue;
        this.observer = observer;
        this.listener = listener;
        this.counters = counters;
        messages = new WorkerMessages(options);
        workers = new WorkerState[options.maxWorkers];
        deviceSlots = new BitSet(options.maxDevices);
    }

    /** The worker behind a link, or null. */
    public WorkerState byLink(final Link link) {
        return byLink.get(link.id());
    }

    /** The worker in a slot of the table, or null. */
    public WorkerState worker(final int index) {
        return workers[index];
    }

    /** Slots in the table. */
    public int capacity() {
        return workers.length;
    }

    /** Workers known, whatever their phase. */
    public int count() {
        return workerCount;
    }

    /** A worker introduces itself. */
    public void onHello(final Link link, final HelloDecoder hello, final long nowNs) {
        admission.read(hello, options.maxDevices);
        final WorkerState known = byLink.get(link.id());
        if (known != null && known.incarnation == admission.incarnation
            && known.helloCorrelationId == admission.correlationId) {
            if (known.isInventoryComplete) {
                messages.welcome(known);
            }
            return;
        }
        if (admission.status == Status.OK) {
            judge(link, known, nowNs);
        }
        if (admission.status != Status.OK) {
            refuse(link, admission.correlationId, admission.status, admission.detail);
            return;
        }
        admit(link, nowNs);
    }

    /** A part of what a joining worker's devices hold. */
    public void onInventory(final WorkerState worker, final InventoryDecoder part, final long nowNs) {
        if (part.incarnation() != worker.incarnation || worker.isInventoryComplete) {
            counters.increment(ControllerCounter.UNEXPECTED);
            return;
        }
        final boolean isLast = part.flags().last();
        final String fault = readInventory(worker, part.loaded());
        if (fault != null) {
            refuse(worker.link, worker.helloCorrelationId, Status.INVALID_HELLO, fault);
            remove(worker, nowNs);
            return;
        }
        if (isLast) {
            worker.isInventoryComplete = true;
            messages.welcome(worker);
            worker.nextHeartbeatNs = nowNs;
            tickAt(nowNs);
            becomeLiveIfComplete(worker, nowNs);
        }
    }

    /** A worker is alive, and says what its clock shows. */
    public void onHeartbeat(final WorkerState worker, final HeartbeatDecoder heartbeat, final long nowNs) {
        if (heartbeat.incarnation() != worker.incarnation) {
            counters.increment(ControllerCounter.UNEXPECTED);
            return;
        }
        worker.echoSentNs = heartbeat.sentNs();
        worker.echoReceivedNs = nowNs;
        final long echoSentNs = heartbeat.echoSentNs();
        final long echoReceivedNs = heartbeat.echoReceivedNs();
        if (echoSentNs == HeartbeatDecoder.echoSentNsNullValue()
            || echoReceivedNs == HeartbeatDecoder.echoReceivedNsNullValue()) {
            return;
        }
        final ClockOffset.Outcome outcome = worker.clock.onSample(echoSentNs, echoReceivedNs, heartbeat.sentNs(), nowNs);
        if (outcome == ClockOffset.Outcome.DROPPED) {
            counters.increment(ControllerCounter.CLOCK_SAMPLES_DROPPED);
        } else if (outcome == ClockOffset.Outcome.STEPPED) {
            counters.increment(ControllerCounter.CLOCK_STEPS);
        }
        becomeLiveIfComplete(worker, nowNs);
    }

    /** A worker leaves once it has finished what it has. */
    public void onDraining(final WorkerState worker, final DrainingDecoder draining, final long nowNs) {
        if (draining.incarnation() != worker.incarnation || worker.isDrainingAsked) {
            counters.increment(ControllerCounter.UNEXPECTED);
            return;
        }
        worker.isDrainingAsked = true;
        if (worker.phase == WorkerPhase.LIVE) {
            worker.phase = WorkerPhase.DRAINING;
            observer.onWorkerDraining(worker, nowNs);
            listener.onWorkerLeaves(worker, nowNs);
        }
    }

    /** A link is over: no result can come over it any more, so its worker is gone. */
    public void onLinkDown(final Link link, final long nowNs) {
        final WorkerState worker = byLink.get(link.id());
        if (worker != null) {
            remove(worker, nowNs);
        }
    }

    /**
     * Heartbeats and time-outs.
     *
     * @return work done.
     */
    public int tick(final long nowNs) {
        if (workerCount == 0 || nowNs - nextTickNs < 0) {
            return 0;
        }
        int work = 0;
        long earliestNs = nowNs + options.heartbeatNs;
        for (int i = 0; i < workers.length; i++) {
            if (workers[i] != null) {
                work += tick(workers[i], nowNs);
            }
            if (workers[i] != null) {
                earliestNs = Times.earlier(earliestNs, dueNs(workers[i], nowNs));
            }
        }
        nextTickNs = Times.later(nowNs + Times.TICK_NS, earliestNs);
        return work;
    }

    /** When {@link #tick} has something to do; Long.MAX_VALUE for never. */
    public long nextWakeNs() {
        return workerCount == 0 ? Long.MAX_VALUE : nextTickNs;
    }

    private int tick(final WorkerState worker, final long nowNs) {
        if (nowNs - worker.lastReceivedNs - options.timeoutNs >= 0) {
            remove(worker, nowNs);
            worker.link.close();
            return 1;
        }
        if (worker.phase == WorkerPhase.JOINING && nowNs - worker.joinedNs - joinLimitNs() >= 0) {
            refuse(worker.link, worker.helloCorrelationId, Status.INVALID_HELLO,
                "no complete inventory and clock within " + joinLimitNs() / 1_000_000 + " ms");
            remove(worker, nowNs);
            return 1;
        }
        int work = worker.outbox.flush();
        if (worker.isInventoryComplete && nowNs - worker.nextHeartbeatNs >= 0 && messages.heartbeat(worker, nowNs)) {
            worker.nextHeartbeatNs = nowNs + options.heartbeatNs;
            work++;
        }
        return work;
    }

    private long dueNs(final WorkerState worker, final long nowNs) {
        long dueNs = worker.lastReceivedNs + options.timeoutNs;
        if (worker.phase == WorkerPhase.JOINING) {
            dueNs = Times.earlier(dueNs, worker.joinedNs + joinLimitNs());
        }
        if (worker.isInventoryComplete) {
            dueNs = Times.earlier(dueNs, worker.nextHeartbeatNs);
        }
        return worker.outbox.isEmpty() ? dueNs : nowNs;
    }

    private long joinLimitNs() {
        return JOIN_TIMEOUTS * options.timeoutNs;
    }

    /** Sets the admission's status if this HELLO, which is right in itself, does not fit what is here. */
    private void judge(final Link link, final WorkerState known, final long nowNs) {
        final String endpoints = redirect.get();
        if (endpoints != null) {
            admission.refuse(Status.REDIRECT, endpoints);
        } else if (!authenticator.accepts(admission.name, admission.credentials)) {
            admission.refuse(Status.AUTHENTICATION_FAILED, "the credentials of worker " + admission.name + " were not accepted");
        } else if (known != null && known.incarnation == admission.incarnation) {
            admission.refuse(Status.DUPLICATE_INCARNATION, "worker " + known.name + " has said HELLO on this link already");
        } else if (known != null) {
            admission.refuse(Status.INVALID_HELLO, "this link belongs to another incarnation of worker " + known.name);
        } else {
            judgeAgainstOthers(nowNs);
        }
    }

    private void judgeAgainstOthers(final long nowNs) {
        for (int i = 0; i < workers.length && admission.status == Status.OK; i++) {
            final WorkerState other = workers[i];
            if (other == null || other.incarnation != admission.incarnation && !other.name.equals(admission.name)) {
                continue;
            }
            if (other.link.isClosed() || !other.link.isConnected()) {
                remove(other, nowNs);
            } else if (other.incarnation == admission.incarnation) {
                admission.refuse(Status.DUPLICATE_INCARNATION, "this incarnation is live as worker " + other.name);
            } else {
                admission.refuse(Status.DUPLICATE_WORKER_NAME, "another worker of the name " + other.name + " is live");
            }
        }
        if (admission.status == Status.OK && workerCount == workers.length) {
            admission.refuse(Status.TOO_MANY_SESSIONS, "maxWorkers=" + workers.length);
        } else if (admission.status == Status.OK
            && deviceSlots.cardinality() + admission.devices.size() > options.maxDevices) {
            admission.refuse(Status.TOO_MANY_SESSIONS, "devices=" + deviceSlots.cardinality()
                + " and " + admission.devices.size() + " more exceed maxDevices=" + options.maxDevices);
        }
    }

    private void admit(final Link link, final long nowNs) {
        int index = 0;
        while (workers[index] != null) {
            index++;
        }
        final List<DeviceState> devices = new ArrayList<>();
        for (int i = 0; i < admission.devices.size(); i++) {
            final Admission.Device hello = admission.devices.get(i);
            final int slot = deviceSlots.nextClearBit(0);
            deviceSlots.set(slot);
            final DeviceState device = new DeviceState(
                slot, i, hello.pageBytes(), hello.totalPages(), hello.maxBatch(), hello.inferDepth(),
                hello.isEmulated(), hello.description());
            device.freePages = hello.freePages();
            device.isLost = hello.isLost();
            devices.add(device);
        }
        final WorkerState worker =
            new WorkerState(index, admission.incarnation, admission.name, link, devices, new ClockOffset());
        for (int i = 0; i < devices.size(); i++) {
            devices.get(i).worker = worker;
        }
        worker.backend = admission.backend;
        worker.build = admission.build;
        worker.helloCorrelationId = admission.correlationId;
        worker.joinedNs = nowNs;
        worker.lastReceivedNs = nowNs;
        workers[index] = worker;
        byLink.put(link.id(), worker);
        if (workerCount++ == 0) {
            nextTickNs = nowNs;
        }
        tickAt(nowNs);
    }

    private String readInventory(final WorkerState worker, final InventoryDecoder.LoadedDecoder loaded) {
        while (loaded.hasNext()) {
            loaded.next();
            final int deviceIndex = loaded.deviceIndex();
            final int pages = loaded.pages();
            if (deviceIndex >= worker.devices.size()) {
                return "inventory: device=" + deviceIndex + " of " + worker.devices.size();
            }
            final DeviceState device = worker.devices.get(deviceIndex);
            final Inventory inventory = worker.inventory;
            if (pages < 0 || inventory.pagesOn(deviceIndex) + pages > device.totalPages - device.freePages) {
                return "inventory: device=" + deviceIndex + " lists more pages than are occupied: totalPages="
                    + device.totalPages + " freePages=" + device.freePages;
            }
            if (inventory.size() == options.maxInventory || inventory.contains(deviceIndex, loaded.modelId())) {
                return "inventory: device=" + deviceIndex + " lists model " + loaded.modelId() + " twice, or more than "
                    + options.maxInventory + " models are listed";
            }
            loaded.getArtifactKey(key, 0, KEY_BYTES);
            inventory.add(deviceIndex, loaded.modelId(), pages, key);
        }
        return null;
    }

    private void becomeLiveIfComplete(final WorkerState worker, final long nowNs) {
        if (worker.phase != WorkerPhase.JOINING || !worker.isInventoryComplete || !worker.clock.isKnown()) {
            return;
        }
        worker.phase = WorkerPhase.LIVE;
        worker.wasLive = true;
        counters.increment(ControllerCounter.WORKERS_JOINED);
        final Inventory inventory = worker.inventory;
        for (int i = 0; i < inventory.size(); i++) {
            final DeviceState device = worker.devices.get(inventory.deviceIndex(i));
            final Model model = catalogue.byId(inventory.modelId(i));
            if (model != null && model.artifact.hasKey(inventory.key(i))) {
                observer.onHeld(device, model, inventory.pages(i), nowNs);
            } else {
                observer.onHeldUnknown(device, inventory.modelId(i), inventory.pages(i), nowNs);
            }
        }
        inventory.clear();
        observer.onWorkerLive(worker, nowNs);
        listener.onWorkerLive(worker, nowNs);
        if (worker.isDrainingAsked) {
            worker.phase = WorkerPhase.DRAINING;
            observer.onWorkerDraining(worker, nowNs);
            listener.onWorkerLeaves(worker, nowNs);
        }
    }

    private void remove(final WorkerState worker, final long nowNs) {
        worker.phase = WorkerPhase.GONE;
        workers[worker.index] = null;
        byLink.remove(worker.link.id());
        workerCount--;
        if (worker.wasLive) {
            counters.increment(ControllerCounter.WORKERS_LOST);
            observer.onWorkerLost(worker, nowNs);
            listener.onWorkerLeaves(worker, nowNs);
        }
        for (int i = 0; i < worker.devices.size(); i++) {
            deviceSlots.clear(worker.devices.get(i).slot);
        }
    }

    private void refuse(final Link link, final long correlationId, final Status status, final String detail) {
        counters.increment(ControllerCounter.HELLOS_REFUSED);
        if (!messages.refuse(link, correlationId, status, detail)) {
            counters.increment(ControllerCounter.ANSWERS_DROPPED);
        }
    }

    private void tickAt(final long dueNs) {
        nextTickNs = Times.earlier(nextTickNs, dueNs);
    }
}
