package org.clockwork.onednn;

import static org.junit.jupiter.api.Assertions.*;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.agrona.BufferUtil;
import org.clockwork.compiler.Nets;
import org.clockwork.compiler.Plan;
import org.clockwork.compiler.PlanCompiler;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.Test;

/** What executing takes and does beyond computing. */
final class ExecutionTest {
    private static final OneDnn LIBRARY = OneDnn.load();

    private static PlanCompiler small() throws ModelException {
        return new Nets().input("x", -1, 6, 8, 8).noise("w", 6, 6, 3, 3).noise("v", 384, 4)
            .node("Conv", "c", List.of("x", "w"), Map.of("pads", new long[] {1, 1, 1, 1})).node("Add", "a", "c", "x")
            .node("Relu", "r", "a")
            .node("Flatten", "f", "r").node("MatMul", "m", "f", "v").node("Softmax", "y", "m").compiler("y");
    }

    @Test
    void executingAllocatesNothing() throws Exception {
        try (Bench bench = new Bench(LIBRARY, List.of(small().plan(2, ElementType.FLOAT32)))) {
            bench.fill(1);
            final int runs = 2_000;
            for (int i = 0; i < runs; i++) {
                bench.run(2);
            }
            final long bytes = Allocation.bytesOf(() -> {
                for (int i = 0; i < runs; i++) {
                    bench.run(2);
                }
            });
            assertTrue(bytes < runs, "bytes=" + bytes + " in " + runs + " executions");
        }
    }

    @Test
    void weightsMayLieElsewhereEachTime() throws Exception {
        final Plan plan = small().plan(1, ElementType.FLOAT32);
        try (Bench bench = new Bench(LIBRARY, List.of(plan))) {
            bench.fill(1);
            bench.run(1);
            final float[] first = bench.answers(plan)[0];
            final ByteBuffer other = ByteBuffer.allocateDirect((int) bench.model.weightsBytes() + 128).alignedSlice(64);
            bench.model.layOut(BufferUtil.address(other));
            bench.model.run(1, BufferUtil.address(other));
            assertArrayEquals(first, bench.answers(plan)[0]);
            for (int i = 0; i < bench.model.weightsBytes(); i++) {
                other.put(i, (byte) 0);
            }
            bench.model.run(1, BufferUtil.address(other));
            assertEquals(0.25f, bench.answers(plan)[0][0], 1e-6, "all weights are zero");
            bench.run(1);
            assertArrayEquals(first, bench.answers(plan)[0]);
        }
    }

    @Test
    void aBatchBetweenTwoPlansIsExecutedByTheLarger() throws Exception {
        final PlanCompiler compiler = small();
        try (Bench bench = new Bench(LIBRARY, List.of(compiler.plan(1, ElementType.FLOAT32),
            compiler.plan(4, ElementType.FLOAT32)))) {
            assertEquals(1, bench.model.executedBatch(1));
            assertEquals(4, bench.model.executedBatch(2));
            assertEquals(4, bench.model.executedBatch(4));
        }
    }

    @Test
    void aWorkspaceThatIsTooSmallIsRefused() throws Exception {
        final Plan plan = new Nets().input("x", -1, 64, 1024, 1024).node("Relu", "r", "x").node("Sigmoid", "s", "r")
            .node("GlobalAveragePool", "y", "s").compiler("y").plan(1, ElementType.FLOAT32);
        final ModelException refusal = assertThrows(ModelException.class, () -> new Bench(LIBRARY, List.of(plan)).close());
        assertEquals(ModelException.Reason.TOO_LARGE, refusal.reason());
    }
}
