package org.clockwork.worker;

import java.util.ArrayList;
import java.util.List;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.NanoClock;
import org.clockwork.device.Backend;
import org.clockwork.device.Device;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.link.Dialer;
import org.clockwork.schema.link.Link;
import org.clockwork.worker.action.ActionTable;
import org.clockwork.worker.executor.DeviceExecutor;
import org.clockwork.worker.input.HostArena;
import org.clockwork.worker.input.InputFiller;
import org.clockwork.worker.input.InputStore;
import org.clockwork.worker.install.Installer;
import org.clockwork.worker.link.ControllerAdapter;
import org.clockwork.worker.link.ControllerPublisher;
import org.clockwork.worker.result.ResultSender;
import org.clockwork.worker.session.Authority;
import org.clockwork.worker.session.InventoryCursor;
import org.clockwork.worker.session.Session;
import org.clockwork.worker.session.SessionListener;
import org.clockwork.worker.session.SessionState;

/**
 * The worker's one agent: its cycle is the way of an action, from the link to the device and back. All of a worker's
 * state is owned by the thread that runs this; files and compiling are left to the installing thread.
 */
public final class WorkerAgent implements Agent, SessionListener {
    private static final long NEVER = Long.MAX_VALUE;

    private final Worker.Context context;
    private final NanoClock clock;
    private final Dialer dialer;
    private final Backend backend;
    private final boolean ownsBackend;
    private final WorkerCounters counters;
    private final ErrorHandler errorHandler;
    private final String roleName;
    private final int controlLimit;
    private final int bulkLimit;
    private final long drainLimitNs;
    private final long drainLingerNs;

    private final Session session;
    private final ControllerAdapter adapter;
    private final Inbox inbox;
    private final ActionTable actions;
    private final ActionIntake intake;
    private final Installer installer;
    private final InputStore inputs;
    private final DeviceExecutor[] executors;
    private final ResultSender results;

    private volatile boolean isDrainWanted;
    private volatile boolean isDrained;
    private boolean isDraining;
    private boolean isClosed;
    private long drainEndNs;
    private boolean isIdleSince;
    private long idleSinceNs;

    WorkerAgent(final Worker.Context context) {
        this.context = context;
        final WorkerLimits limits = context.limits();
        clock = context.nanoClock();
        dialer = context.dialer();
        backend = context.backend();
        ownsBackend = context.ownsBackend();
        counters = context.counters();
        errorHandler = context.errorHandler();
        roleName = "worker-" + context.name();
        controlLimit = limits.controlPollLimit();
        bulkLimit = limits.bulkPollLimit();
        drainLimitNs = limits.drainLimitNs();
        drainLingerNs = limits.drainLingerNs();

        final List<Device> devices = backend.devices();
        final int maxBatch = maxBatch(devices);
        final ControllerPublisher publisher = new ControllerPublisher();
        final Authority authority = new Authority();
        final HostArena inputArena = new HostArena(backend.allocateHost(limits.inputArenaBytes()));
        final HostArena outputArena = new HostArena(backend.allocateHost(limits.outputArenaBytes()));
        actions = new ActionTable(devices.size() * 2 * limits.queueCapacity() + limits.resultCapacity(), maxBatch);
        inputs = new InputStore(inputArena, limits.maxInputs(), limits.inputTimeoutNs(), counters);
        results = new ResultSender(actions, outputArena, publisher, authority, counters, limits.outputsPerCycle());
        installer = new Installer(
            backend, context.store(), context.installExecutor(), publisher, counters, errorHandler, limits.install());
        executors = new DeviceExecutor[devices.size()];
        final InputFiller filler = new InputFiller(inputArena, limits.fillElementsPerCycle());
        for (int i = 0; i < executors.length; i++) {
            executors[i] = new DeviceExecutor(
                devices.get(i), actions, inputs, filler, outputArena, installer, results, counters,
                !backend.isComputing(), limits.queueCapacity(), limits.devicePollNs());
        }
        final List<DeviceExecutor> list = new ArrayList<>(List.of(executors));
        session = new Session(
            context.session(), dialer, backend, publisher, authority,
            new InventoryCursor(list, limits.inventoryPart()), this, counters, errorHandler);
        intake = new ActionIntake(
            actions, list, inputs, installer, results, session, authority, counters,
            backend.isComputing(), maxBatch, limits.planAheadNs());
        inbox = new Inbox(context.incarnation(), session, intake, inputs, installer, counters);
        adapter = new ControllerAdapter(inbox);
    }

    @Override
    public String roleName() {
        return roleName;
    }

    @Override
    public int doWork() {
        return doWork(clock.nanoTime());
    }

    /** One cycle at a given time; the steps in the order of an action's way. */
    public int doWork(final long nowNs) {
        if (isClosed) {
            return 0;
        }
        inbox.now(nowNs);
        return followOrders(nowNs)
            + keepSession(nowNs)
            + receiveControl()
            + receiveBulk()
            + install(nowNs)
            + expireInputs(nowNs)
            + runDevices(nowNs)
            + sendResults(nowNs)
            + watchDrain(nowNs);
    }

    /** Earliest time at which it has something to do if no message comes; in the past or now: at once. */
    public long nextWakeNs() {
        return nextWakeNs(clock.nanoTime());
    }

    /** The same, as seen at a given time. */
    public long nextWakeNs(final long nowNs) {
        if (isClosed) {
            return NEVER;
        }
        long wakeNs = Math.min(session.nextWakeNs(nowNs), installer.nextWakeNs(nowNs));
        wakeNs = Math.min(wakeNs, inputs.nextWakeNs());
        wakeNs = Math.min(wakeNs, results.nextWakeNs(nowNs));
        for (final DeviceExecutor executor : executors) {
            wakeNs = Math.min(wakeNs, executor.nextWakeNs(nowNs));
        }
        if (isDrainWanted && !isDraining) {
            return nowNs;
        }
        if (isDraining && !isDrained) {
            wakeNs = Math.min(wakeNs, isIdleSince ? Math.min(drainEndNs, idleSinceNs + drainLingerNs) : drainEndNs);
        }
        return wakeNs;
    }

    /** Asks the worker to finish what it has and take nothing new; any thread may call it. */
    public void drain() {
        isDrainWanted = true;
    }

    /** Whether it has finished, or the limit of draining is over; any thread may ask. */
    public boolean isDrained() {
        return isDrained;
    }

    /** Where it stands with its controller, for people, with the last refusal; any thread may ask. */
    public String description() {
        return session.description();
    }

    /** Whether a controller has accepted this worker; for the owning thread. */
    public boolean isLive() {
        return session.state() == SessionState.LIVE;
    }

    /** Inputs that are not complete or not asked for. */
    int inputsWaiting() {
        return inputs.size();
    }

    /** Room for inputs that is not given out. */
    long freeInputBytes() {
        return inputs.arena().freeBytes();
    }

    @Override
    public boolean isMemorySettled() {
        for (final DeviceExecutor executor : executors) {
            if (!executor.isMemorySettled()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void onSessionLive(final long nowNs) {
        installer.onAuthorityFound(nowNs);
    }

    @Override
    public void onSessionLost() {
        onHigherEpoch();
        inputs.clear();
    }

    @Override
    public void onHigherEpoch() {
        for (final DeviceExecutor executor : executors) {
            executor.dropQueued();
        }
        actions.unlistAll();
        installer.onAuthorityLost();
    }

    @Override
    public void onClose() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        session.close();
        dialer.close();
        if (!context.stopInstalling()) {
            errorHandler.onError(new IllegalStateException(
                "a model is still being compiled; devices and models are left to the end of the process"));
            return;
        }
        for (final DeviceExecutor executor : executors) {
            executor.device().close();
        }
        installer.close();
        if (ownsBackend) {
            backend.close();
        }
    }

    private int followOrders(final long nowNs) {
        if (!isDrainWanted || isDraining) {
            return 0;
        }
        isDraining = true;
        drainEndNs = nowNs + drainLimitNs;
        intake.drain();
        session.drain(drainLimitNs);
        return 1;
    }

    private int keepSession(final long nowNs) {
        return session.doWork(nowNs);
    }

    private int receiveControl() {
        final int limit = Math.min(controlLimit, actions.freeCount());
        return limit == 0 ? 0 : receive(Link.CONTROL, limit);
    }

    private int receiveBulk() {
        final int limit = Math.min(bulkLimit, installer.chunkRoom());
        return limit == 0 ? 0 : receive(Link.BULK, limit);
    }

    private int receive(final int lane, final int limit) {
        try {
            return dialer.poll(lane, adapter, limit);
        } catch (final RuntimeException e) {
            counters.increment(WorkerCounter.ERRORS);
            errorHandler.onError(e);
            return 1;
        }
    }

    private int install(final long nowNs) {
        return installer.doWork(nowNs);
    }

    private int expireInputs(final long nowNs) {
        return inputs.expire(nowNs);
    }

    private int runDevices(final long nowNs) {
        int work = 0;
        for (final DeviceExecutor executor : executors) {
            work += executor.doWork(nowNs);
        }
        return work;
    }

    private int sendResults(final long nowNs) {
        return results.doWork(nowNs);
    }

    private int watchDrain(final long nowNs) {
        if (!isDraining || isDrained) {
            return 0;
        }
        final boolean isIdle = results.isIdle() && areDevicesIdle() && session.isDrainingSaid();
        if (!isIdle) {
            isIdleSince = false;
        } else if (!isIdleSince) {
            isIdleSince = true;
            idleSinceNs = nowNs;
        }
        if (nowNs - drainEndNs >= 0 || isIdleSince && nowNs - idleSinceNs >= drainLingerNs) {
            isDrained = true;
            return 1;
        }
        return 0;
    }

    private boolean areDevicesIdle() {
        for (final DeviceExecutor executor : executors) {
            if (!executor.isIdle()) {
                return false;
            }
        }
        return true;
    }

    private static int maxBatch(final List<Device> devices) {
        int most = 1;
        for (final Device device : devices) {
            most = Math.max(most, device.maxBatch());
        }
        return Math.min(most, Protocol.MAX_BATCH);
    }
}
