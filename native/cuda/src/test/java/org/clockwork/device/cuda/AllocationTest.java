package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.TensorProto;
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
        final long[] around = {1, 1, 1, 1};
        final Path file = Rig.write(directory, "steady", new Nets().input("x", -1, 6, 8, 8)
            .input("i", TensorProto.DataType.INT64, -1, 2).noise("w", 6, 6, 3, 3).noise("d", 6, 1, 3, 3).noise("u", 6, 6, 2, 2)
            .noise("v", 1536, 4).noise("g", 4).noise("h", 4).noise("t", 30_000, 4)
            .node("Conv", "c", List.of("x", "w"), Map.of("pads", around)).node("Add", "a", "c", "x").node("Relu", "r", "a")
            .node("Conv", "e", List.of("r", "d"), Map.of("pads", around, "group", 6))
            .node("ConvTranspose", "z", List.of("e", "u"), Map.of("strides", new long[] {2, 2}))
            .node("MaxPool", "p", List.of("z"), Map.of("kernel_shape", new long[] {1, 1}))
            .node("Flatten", "f", "p").node("MatMul", "m", "f", "v").node("LayerNormalization", "n", "m", "g", "h")
            .node("Softmax", "y", "n").node("Gather", "k", "t", "i")
            .node("ReduceMean", "q", List.of("k"), Map.of("axes", new long[] {1}, "keepdims", 0)).model("y", "q"));
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
            assertTrue(model.engine().contains("conv_transposed") && model.engine().contains("layer_norm"), model.engine());
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
