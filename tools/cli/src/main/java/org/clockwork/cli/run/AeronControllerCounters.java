package org.clockwork.cli.run;

import io.aeron.Aeron;
import io.aeron.Counter;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ControllerCounters;
import org.clockwork.schema.CounterIds;

/**
 * A controller's counts in Aeron's counters file, where AeronStat shows them from outside. Written by the controller's agent
 * only, without allocating.
 */
final class AeronControllerCounters implements ControllerCounters {
    private final Counter[] counters = new Counter[ControllerCounter.values().length];

    AeronControllerCounters(final Aeron aeron) {
        for (final ControllerCounter counter : ControllerCounter.values()) {
            counters[counter.ordinal()] = aeron.addCounter(
                CounterIds.CONTROLLER_EVENTS_BASE + counter.ordinal(), "clockwork controller " + counter.label());
        }
    }

    @Override
    public void add(final ControllerCounter counter, final long delta) {
        counters[counter.ordinal()].getAndAddRelease(delta);
    }

    @Override
    public long get(final ControllerCounter counter) {
        return counters[counter.ordinal()].getPlain();
    }
}
