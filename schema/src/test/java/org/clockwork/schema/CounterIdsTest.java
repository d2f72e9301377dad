package org.clockwork.schema;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Counters can be told apart by id and by label. */
class CounterIdsTest {
    @Test
    void idsAndLabelsAreUniqueAndInRange() {
        final Set<Integer> ids = new HashSet<>();
        final Set<String> labels = new HashSet<>();
        for (final CounterIds counter : CounterIds.values()) {
            assertTrue(counter.typeId() >= 4200 && counter.typeId() < 4400, counter.name());
            assertTrue(ids.add(counter.typeId()), counter.name());
            assertTrue(labels.add(counter.label()), counter.name());
            assertTrue(counter.label().startsWith("clockwork "), counter.label());
        }
    }
}
