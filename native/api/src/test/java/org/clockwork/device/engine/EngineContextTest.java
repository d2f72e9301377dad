package org.clockwork.device.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.UnaryOperator;
import org.clockwork.device.Device;
import org.junit.jupiter.api.Test;

/** Options are read from properties and checked at their edges. */
final class EngineContextTest {
    /** Nothing beyond the common options. */
    private static final class Options extends EngineContext<Options> {
        Options(final long defaultMemoryBytes) {
            super("test", defaultMemoryBytes);
        }

        @Override
        protected Options self() {
            return this;
        }

        @Override
        protected void check() {
        }
    }

    private static void assertRefused(final String option, final UnaryOperator<Options> change) {
        final IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
            () -> change.apply(new Options(Device.PAGE_BYTES)).conclude());
        assertTrue(refusal.getMessage().contains("clockwork.test." + option + '='), refusal.getMessage());
    }

    @Test
    void edgesOfOptions() {
        assertRefused("memory", options -> options.memoryBytes(Device.PAGE_BYTES - 1));
        assertRefused("memory", options -> options.memoryBytes(0));
        assertRefused("max.batch", options -> options.maxBatch(0));
        assertRefused("max.batch", options -> options.maxBatch(1025));
        assertRefused("input.bytes", options -> options.inputBytes(0));
        assertRefused("output.bytes", options -> options.outputBytes(0));
        assertRefused("workspace.bytes", options -> options.workspaceBytes(0));
        assertRefused("max.file.bytes", options -> options.maxFileBytes(0));
        assertRefused("max.file.bytes", options -> options.maxFileBytes(1L << 31));
        new Options(Device.PAGE_BYTES).maxBatch(1024).inputBytes(1).outputBytes(1).workspaceBytes(1).maxFileBytes(1).conclude();
        new Options(0).conclude();
    }

    @Test
    void aContextIsConcludedOnce() {
        final Options options = new Options(0);
        options.conclude();
        assertThrows(IllegalStateException.class, options::conclude);
    }

    @Test
    void propertiesAreNamedAfterTheDevice() {
        System.setProperty("clockwork.test.max.batch", "5");
        System.setProperty("clockwork.test.memory", "32m");
        try {
            assertEquals(5, new Options(0).maxBatch());
            assertEquals(32 << 20, new Options(0).memoryBytes());
        } finally {
            System.clearProperty("clockwork.test.max.batch");
            System.clearProperty("clockwork.test.memory");
        }
        assertEquals(16, new Options(0).maxBatch());
    }
}
