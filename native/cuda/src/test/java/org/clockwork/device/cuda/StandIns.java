package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.clockwork.emulatedcuda.EmulatedCuda;
import org.junit.jupiter.api.Assumptions;

/** The stand-ins of the driver for tests: loaded once, and asked afterwards what was done wrong and what is left. */
final class StandIns {
    private StandIns() {
    }

    /** Loads them, with a device of 1 GiB and no faults; where they were not built the test is skipped, but not in CI. */
    static void load() {
        if (System.getenv("CI") == null) {
            Assumptions.assumeTrue(EmulatedCuda.isBuilt(), "the stand-ins for the CUDA libraries were not built");
        }
        EmulatedCuda.load();
        EmulatedCuda.reset();
        EmulatedCuda.races(true);
        EmulatedCuda.takeBreaches();
    }

    /** Everything was given back, and no call was wrong. */
    static void requireNothingLeft() {
        assertEquals(Map.of(), EmulatedCuda.leftOver());
        assertEquals(List.of(), EmulatedCuda.takeBreaches());
    }
}
