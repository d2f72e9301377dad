package org.clockwork.device.cpu;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.clockwork.device.Backend;
import org.clockwork.device.Device;
import org.clockwork.device.ModelSource;
import org.clockwork.device.conformance.DeviceConformance;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.io.TempDir;

/** The device port's contract on real threads with models that run by plans. */
final class PlanConformanceTest extends DeviceConformance {
    @TempDir
    private static Path directory;
    private CpuBackend backend;

    @Override
    protected Backend openBackend(final int pages) {
        backend = new CpuBackend(new CpuBackend.Context().engine(CpuBackend.Engines.ONEDNN)
            .cacheDirectory(directory).memoryBytes((long) pages * Device.PAGE_BYTES).maxBatch(4));
        return backend;
    }

    @Override
    protected ModelSource source(final int pages) throws IOException {
        return TestModels.source(new TestModels(directory).pages(pages), Map.of(), 4);
    }

    @Override
    protected long nowNs() {
        return System.nanoTime();
    }

    @Override
    protected void letWork(final Device device) {
        LockSupport.parkNanos(20_000);
    }

    @Override
    protected int churnOperations() {
        return 300;
    }

    @Override
    protected void onClosed() {
        for (final NativeMemory.Tag tag : NativeMemory.Tag.values()) {
            Assertions.assertEquals(0, backend.nativeBytes(tag), () -> "leaked: " + tag);
        }
    }
}
