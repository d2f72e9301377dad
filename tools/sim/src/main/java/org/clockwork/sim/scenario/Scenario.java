package org.clockwork.sim.scenario;

import java.util.List;

/** A scenario: what is set up and what it is to show. Without state. */
public interface Scenario {
    /** By which it is called. */
    String name();

    /** What is set up, and what it shows, in a sentence or two. */
    String description();

    /** Fills in what was not asked for and is its own, such as another length than usual. */
    default void fillIn(final ScenarioOptions options) {
    }

    /** Its set-ups, in the order of the report; throws IllegalArgumentException with a sentence for wrong options. */
    List<Case> cases(ScenarioOptions options);

    /** Whether requests may end by accident in it. */
    default boolean mayFail() {
        return false;
    }

    /** What the columns and bounds mean, one line each. */
    List<String> legend();
}
