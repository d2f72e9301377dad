package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.clockwork.compiler.Nets;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Operation;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Steady state makes no garbage: neither the engines' threads nor the agent's, JNI included. */
final class AllocationTest {
    @TempDir
    private static Path directory;

    @Test
    void infersAllocateNothing() throws Exception {
        final Path file = Rig.write(directory, "steady", new Nets().input("x", -1, 6, 8, 8).noise("w", 6, 6, 3, 3)
            .noise("v", 384, 4).node("Conv", "c", List.of("x", "w"), Map.of("pads", new long[] {1, 1, 1, 1}))
            .node("Add", "a", "c", "x").node("Relu", "r", "a")
            .node("MaxPool", "p", List.of("r"), Map.of("kernel_shape", new long[] {1, 1}))
            .node("Flatten", "f", "p").node("MatMul", "m", "f", "v").node("Softmax", "y", "m").model("y"));
        try (Rig rig = new Rig(Rig.context(directory, 4).workspaceBytes(16 << 20))) {
            final CompiledModel model = rig.compile(file, Map.of(), 4);
            Rig.requireOk(rig.load(1, model));
            final Operation operation = rig.infer(1, model, 3, 3, 1);
            final long engine = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("cuda-0-execute")).findFirst().orElseThrow().getId();
            final int runs = 3_000;
            run(rig, operation, runs);
            final long engineBefore = Allocation.bytesOf(engine);
            final long agent = Allocation.bytesOf(() -> run(rig, operation, runs));
            final long engineBytes = Allocation.bytesOf(engine) - engineBefore;
            assertTrue(engineBytes < runs, "engine: bytes=" + engineBytes + " in " + runs + " executions");
            assertTrue(agent < runs, "agent: bytes=" + agent + " in " + runs + " executions");
            Rig.requireOk(rig.unload(1));
            model.close();
        }
    }

    private static void run(final Rig rig, final Operation operation, final int runs) {
        for (int i = 0; i < runs; i++) {
            operation.clearResults();
            Rig.requireOk(rig.run(operation));
        }
    }
}
