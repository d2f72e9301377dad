package org.clockwork.sim.cluster;

import java.util.function.LongSupplier;
import org.agrona.concurrent.Agent;
import org.clockwork.client.ClientCore;
import org.clockwork.controller.Controller;
import org.clockwork.schema.link.memory.MemoryEndpoint;
import org.clockwork.sim.time.Node;
import org.clockwork.sim.time.NodeClock;
import org.clockwork.sim.time.VirtualTime;
import org.clockwork.worker.Worker;

/** One process of a {@link SimCluster}: an agent, its clock, and its ends of links. Single-threaded. */
public final class SimNode implements Node {
    /** A duty cycle of more real time than this was interrupted. */
    private static final long LONGEST_CYCLE_NS = 100_000L;

    private final String name;
    private final VirtualTime time;
    private final NodeClock clock;
    private final Agent agent;
    private final LongSupplier nextWakeNs;
    private final MemoryEndpoint[] endpoints;
    private int index;
    private boolean isDead;
    private CycleCost cycleCost = nowNs -> 0;
    /** Virtual time until which the last duty cycle goes on. */
    private long busyUntilNs = Long.MIN_VALUE;
    private LongSupplier realClock;
    private long realNs;
    private long skippedCycles;
    private SimLoad load;
    private Controller controller;
    private Worker worker;
    private ClientCore client;

    SimNode(
        final String name,
        final VirtualTime time,
        final NodeClock clock,
        final Agent agent,
        final LongSupplier nextWakeNs,
        final MemoryEndpoint... endpoints) {
        this.name = name;
        this.time = time;
        this.clock = clock;
        this.agent = agent;
        this.nextWakeNs = nextWakeNs;
        this.endpoints = endpoints;
    }

    /** What duty cycles take. */
    @FunctionalInterface
    public interface CycleCost {
        /** Virtual time that the duty cycle has taken which ran at {@code nowNs}; asked once for each. */
        long costNs(long nowNs);
    }

    @Override
    public long run(final long nowNs) {
        if (nowNs < busyUntilNs) {
            return busyUntilNs;
        }
        work(nowNs);
        long wakeNs = NEVER;
        if (load != null) {
            load.doWork(client, clock.nanoTime());
            wakeNs = clock.virtualOf(load.nextWakeNs(clock.nanoTime()));
        }
        wakeNs = Math.min(wakeNs, clock.virtualOf(nextWakeNs.getAsLong()));
        for (final MemoryEndpoint endpoint : endpoints) {
            wakeNs = Math.min(wakeNs, endpoint.nextDeliveryNs());
        }
        busyUntilNs = nowNs + cycleCost.costNs(nowNs);
        return wakeNs == NEVER ? NEVER : Math.max(wakeNs, Math.max(busyUntilNs, nowNs + 1));
    }

    private void work(final long nowNs) {
        final long fromNs = realClock == null ? 0 : realClock.getAsLong();
        try {
            agent.doWork();
        } catch (final Exception ex) {
            throw new IllegalStateException(name + " failed at " + nowNs, ex);
        }
        if (realClock != null) {
            final long spentNs = realClock.getAsLong() - fromNs;
            if (spentNs <= LONGEST_CYCLE_NS) {
                realNs += spentNs;
            } else {
                skippedCycles++;
            }
        }
    }

    /** Measures the real time of its duty cycles from now on. */
    public void meter(final LongSupplier clock) {
        realClock = clock;
    }

    /** Real time of its duty cycles since it is measured, without those in which the process can't have run. */
    public long realNs() {
        return realNs;
    }

    /** Duty cycles left out of {@link #realNs()}. */
    public long skippedCycles() {
        return skippedCycles;
    }

    /** Makes duty cycles take virtual time: it runs no other while one goes on. */
    public void cycleCost(final CycleCost cost) {
        cycleCost = cost;
    }

    /** For people. */
    public String name() {
        return name;
    }

    /** Its clock; a test may step it. */
    public NodeClock clock() {
        return clock;
    }

    /** The controller it runs, or null. */
    public Controller controller() {
        return controller;
    }

    /** The worker it runs, or null. */
    public Worker worker() {
        return worker;
    }

    /** The client it runs, or null. */
    public ClientCore client() {
        return client;
    }

    /** The first of its ends of links, as the network numbers them. */
    int endpointId() {
        return endpoints[0].endpointId();
    }

    int index() {
        return index;
    }

    void index(final int value) {
        index = value;
    }

    void controller(final Controller value) {
        controller = value;
    }

    void worker(final Worker value) {
        worker = value;
    }

    void client(final ClientCore value, final SimLoad itsLoad) {
        client = value;
        load = itsLoad;
    }

    /** Its end as the network sees it: without a word. */
    void crash() {
        isDead = true;
        for (final MemoryEndpoint endpoint : endpoints) {
            endpoint.crash();
        }
    }

    void close() {
        if (!isDead) {
            isDead = true;
            agent.onClose();
        }
    }

    @Override
    public String toString() {
        return name + "@" + time.elapsedNs();
    }
}
