package org.clockwork.sim.scenario;

import java.util.Comparator;
import java.util.PriorityQueue;
import org.clockwork.loadgen.Xoshiro;
import org.clockwork.schema.link.memory.LinkFaults;

/**
 * Faults of a system, drawn from a seed: processes die and come back, clocks step, devices are slow, links lose, delay and
 * break. All are over at a given time. Owned by one thread.
 */
final class FaultSchedule {
    private static final long MS = 1_000_000L;
    private static final long STEP_NS = 400 * MS;
    private static final double SLOW = 1.2;
    private static final long MOST_CLOCK_STEP_NS = 20 * MS;

    private final SimSystem system;
    private final Xoshiro random;
    private final PriorityQueue<Event> events =
        new PriorityQueue<>(Comparator.comparingLong(Event::atNs).thenComparingInt(Event::order));
    private int order;
    private int workerDeaths;
    private int controllerDeaths;
    private int clockSteps;
    private int slowPhases;

    /** Something that happens. */
    private record Event(long atNs, int order, Runnable action) {
    }

    /** Faults between two times since the start of the load. */
    FaultSchedule(final SimSystem system, final long seed, final long fromNs, final long untilNs) {
        this.system = system;
        random = new Xoshiro(seed, "faults");
        for (long atNs = fromNs; atNs < untilNs; atNs += STEP_NS / 2 + upTo(STEP_NS)) {
            plan(atNs, untilNs);
        }
        at(untilNs, this::endAll);
    }

    /** Makes happen what is due. */
    void run(final long nowNs) {
        while (!events.isEmpty() && events.peek().atNs <= nowNs) {
            events.poll().action.run();
        }
    }

    int workerDeaths() {
        return workerDeaths;
    }

    int controllerDeaths() {
        return controllerDeaths;
    }

    int clockSteps() {
        return clockSteps;
    }

    int slowPhases() {
        return slowPhases;
    }

    private void plan(final long atNs, final long untilNs) {
        final int worker = random.nextInt(system.workers());
        final long lengthNs = 100 * MS + upTo(1_500 * MS);
        final long endNs = Math.min(untilNs, atNs + lengthNs);
        switch (random.nextInt(8)) {
            case 0, 1 -> {
                workerDeaths++;
                at(atNs, () -> system.worker(worker, false));
                at(endNs, () -> system.worker(worker, true));
            }
            case 2 -> {
                controllerDeaths++;
                at(atNs, () -> system.controller(false));
                at(Math.min(untilNs, atNs + 50 * MS + upTo(400 * MS)), () -> system.controller(true));
            }
            case 3 -> {
                clockSteps++;
                final long byNs = upTo(2 * MOST_CLOCK_STEP_NS) - MOST_CLOCK_STEP_NS;
                at(atNs, () -> system.stepClock(worker, byNs));
            }
            case 4 -> {
                slowPhases++;
                at(atNs, () -> system.slowness(worker, SLOW));
                at(endNs, () -> system.slowness(worker, 1));
            }
            default -> {
                final LinkFaults links = system.faults();
                at(atNs, () -> links.loss(0.01).lateness(0.005, 5 * MS).refusal(0.005).cut(0.000_01)
                    .tailSurvival(0.5, 20 * MS));
                at(endNs, links::end);
            }
        }
    }

    private void endAll() {
        system.faults().end();
        system.controller(true);
        for (int i = 0; i < system.workers(); i++) {
            system.worker(i, true);
            system.slowness(i, 1);
        }
    }

    private void at(final long atNs, final Runnable action) {
        events.add(new Event(atNs, order++, action));
    }

    private long upTo(final long most) {
        return (long) (random.nextDouble() * most);
    }
}
