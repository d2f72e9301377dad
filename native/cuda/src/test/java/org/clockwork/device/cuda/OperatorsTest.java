package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;
import java.util.Map;
import org.clockwork.compiler.Nets;
import org.clockwork.compiler.OperatorsConformance;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Operators in their variants on the stand-ins. */
final class OperatorsTest extends OperatorsConformance {
    @TempDir
    private static Path directory;
    private static Rig rig;
    private static int count;

    @BeforeAll
    static void open() {
        rig = new Rig(Rig.context(directory, 4).workspaceBytes(16 << 20));
    }

    @AfterAll
    static void close() {
        rig.close();
    }

    @Override
    protected void check(final ModelProto proto) throws Exception {
        final Path file = Rig.write(directory, "operators" + count++, proto);
        final CompiledModel model = rig.compile(file, Map.of(), 4);
        Rig.requireOk(rig.load(1, model));
        try (OrtSession session = OrtEnvironment.getEnvironment().createSession(proto.toByteArray())) {
            for (final int batch : new int[] {1, 3}) {
                final Operation operation = rig.run(rig.infer(1, model, batch, batch, 7));
                Rig.requireOk(operation);
                final double distance = Rig.distance(session, model, operation);
                assertTrue(distance <= TOLERANCE, () -> "distance=" + distance + " batch=" + batch + ' ' + proto.getGraph());
            }
        } finally {
            Rig.requireOk(rig.unload(1));
            model.close();
        }
    }

    @Test
    void anIndexOutsideOfItsTableFailsTheInferAndNothingElse() throws Exception {
        final Path file = Rig.write(directory, "table", new Nets().input("x", TensorProto.DataType.INT64, -1, 2)
            .noise("t", 10, 3).node("Gather", "y", "t", "x").model("y"));
        final CompiledModel model = rig.compile(file, Map.of(), 2);
        Rig.requireOk(rig.load(2, model));
        final Operation operation = rig.infer(2, model, 1, 1, 1);
        for (final long[] row : new long[][] {{9, 0}, {10, 1}, {-10, 1}, {0, -11}, {3, 1}}) {
            operation.clearResults();
            operation.inputs[0].putLong(0, row[0]);
            operation.inputs[0].putLong(Long.BYTES, row[1]);
            final boolean isInside = row[0] < 10 && row[1] >= -10;
            assertEquals(isInside ? DeviceStatus.OK : DeviceStatus.FAILED, rig.run(operation).status);
            assertEquals(isInside, operation.detail == null, operation.detail);
        }
        Rig.requireOk(rig.unload(2));
        model.close();
    }
}
