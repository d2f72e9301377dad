package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.clockwork.emulatedcuda.EmulatedCuda;

/** The stand-ins of the driver for tests: loaded once, and asked afterwards what was done wrong and what is left. */
final class StandIns {
    private StandIns() {
    }

    /** Loads them, with a device of 1 GiB and no faults. */
    static void load() {
        EmulatedCuda.load();
        EmulatedCuda.reset();
        EmulatedCuda.takeBreaches();
    }

    /** Everything was given back, and no call was wrong. */
    static void requireNothingLeft() {
        assertEquals(Map.of(), EmulatedCuda.leftOver());
        assertEquals(List.of(), EmulatedCuda.takeBreaches());
    }
}
