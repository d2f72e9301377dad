package org.clockwork.device.cuda;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.clockwork.compiler.Nets;
import org.clockwork.device.Backend;
import org.clockwork.device.Device;
import org.clockwork.device.ModelSource;
import org.clockwork.device.conformance.DeviceConformance;
import org.junit.jupiter.api.io.TempDir;

/** The device port's contract on real threads and the stand-ins. */
final class CudaDeviceConformanceTest extends DeviceConformance {
    /** A matrix of so many rows of 256 floats is a little larger than a page. */
    private static final int ROWS_OF_A_PAGE = Device.PAGE_BYTES / 1024;
    @TempDir
    private static Path directory;

    @Override
    protected Backend openBackend(final int pages) {
        StandIns.load();
        return new CudaBackend(Rig.context(directory, pages).emulated(true).workspaceBytes(16 << 20));
    }

    @Override
    protected ModelSource source(final int pages) throws Exception {
        final Path file = directory.resolve("pages" + pages + ".onnx");
        if (!Files.exists(file)) {
            final int rows = pages == 1 ? 16 : (pages - 1) * ROWS_OF_A_PAGE + 1;
            Rig.write(directory, "pages" + pages, new Nets().input("x", -1, rows).noise("w", rows, 256)
                .node("MatMul", "m", List.of("x", "w"), Map.of()).node("Relu", "y", "m").model("y"));
        }
        return new ModelSource("pages" + pages, file, null, Map.of(), 4);
    }

    @Override
    protected long nowNs() {
        return System.nanoTime();
    }

    @Override
    protected void letWork(final Device device) {
        LockSupport.parkNanos(5_000);
    }

    @Override
    protected int churnOperations() {
        return 300;
    }

    @Override
    protected void onClosed() {
        StandIns.requireNothingLeft();
    }
}
