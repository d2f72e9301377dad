package org.clockwork.cli.run;

import io.aeron.Aeron;
import java.util.stream.Stream;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ControllerCounters;
import org.clockwork.schema.CounterIds;

/** A controller's counts. Written by the controller's agent only, without allocating; any thread may read. */
final class AeronControllerCounters implements ControllerCounters {
    private final AeronCounts counts;

    AeronControllerCounters(final Aeron aeron) {
        counts = new AeronCounts(aeron, CounterIds.CONTROLLER_EVENTS_BASE,
            Stream.of(ControllerCounter.values()).map(counter -> "clockwork controller " + counter.label()).toList());
    }

    @Override
    public void add(final ControllerCounter counter, final long delta) {
        counts.add(counter.ordinal(), delta);
    }

    @Override
    public long get(final ControllerCounter counter) {
        return counts.get(counter.ordinal());
    }
}
