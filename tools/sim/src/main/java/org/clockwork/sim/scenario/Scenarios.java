package org.clockwork.sim.scenario;

import java.util.List;

/** The scenarios there are. */
public final class Scenarios {
    private static final List<Scenario> ALL = List.of(
        new Compare(), new Thousands(), new HowLow(), new Isolation(), new Azure(), new Overload(), new GpusNeeded(),
        new Scale(), new FaultRuns());

    private Scenarios() {
    }

    /** All of them, in the order of the help. */
    public static List<Scenario> all() {
        return ALL;
    }

    /**
     * The scenario of this name.
     *
     * @throws IllegalArgumentException with a sentence if there is none.
     */
    public static Scenario of(final String name) {
        for (final Scenario scenario : ALL) {
            if (scenario.name().equals(name)) {
                return scenario;
            }
        }
        throw new IllegalArgumentException("there is no scenario '" + name + "'; there are: "
            + String.join(", ", ALL.stream().map(Scenario::name).toList()));
    }
}
