package org.clockwork.device.cpu;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which weights ONNX Runtime's processor kernels copy into a packed form when a session is made, and how much that
 * takes. It follows the kernels' own rules: a constant matrix at a certain input of certain operators. Where a kernel
 * should not pack after all, it reads the weights where they are in host memory, and the answer is the same.
 */
final class PackedWeights {
    private static final int COLUMN_STEP = 16;
    private static final int SLACK_BYTES = 512;
    private static final Map<String, Set<Integer>> PACKED_INPUTS = Map.ofEntries(
        Map.entry("MatMul", Set.of(1)),
        Map.entry("FusedMatMul", Set.of(1)),
        Map.entry("Gemm", Set.of(1)),
        Map.entry("Attention", Set.of(1)),
        Map.entry("QAttention", Set.of(1)),
        Map.entry("MatMulInteger", Set.of(1)),
        Map.entry("MatMulIntegerToFloat", Set.of(1)),
        Map.entry("DynamicQuantizeMatMul", Set.of(1)),
        Map.entry("QLinearMatMul", Set.of(3)),
        Map.entry("QGemm", Set.of(3)),
        Map.entry("LSTM", Set.of(1, 2)),
        Map.entry("GRU", Set.of(1, 2)),
        Map.entry("DynamicQuantizeLSTM", Set.of(1, 2)));

    private PackedWeights() {
    }

    /** Names of the initializers that only packing inputs use. */
    static Set<String> of(final GraphProto graph) {
        final Map<String, Integer> ranks = new HashMap<>();
        for (final TensorProto tensor : graph.getInitializerList()) {
            ranks.put(tensor.getName(), tensor.getDimsCount());
        }
        final Set<String> packed = new HashSet<>();
        final Set<String> plain = new HashSet<>();
        graph.getOutputList().forEach(output -> plain.add(output.getName()));
        for (final NodeProto node : graph.getNodeList()) {
            final Set<Integer> packedInputs = PACKED_INPUTS.getOrDefault(node.getOpType(), Set.of());
            for (int i = 0; i < node.getInputCount(); i++) {
                final String name = node.getInput(i);
                final Integer rank = ranks.get(name);
                if (rank != null) {
                    final boolean isRecurrent = packedInputs.size() > 1;
                    final boolean isPacked = packedInputs.contains(i) && rank == (isRecurrent ? 3 : 2);
                    (isPacked ? packed : plain).add(name);
                }
            }
        }
        packed.removeAll(plain);
        return packed;
    }

    /** Upper bound of the packed size: columns rounded up, and a sum for each column where integers need it. */
    static long packedBytes(final long[] shape, final long bytes) {
        final long columns = Math.max(1, Math.min(shape[shape.length - 1], shape[shape.length - 2]));
        final long rounded = NativeMemory.roundUp(columns, COLUMN_STEP);
        final long sums = Math.max(shape[shape.length - 1], shape[shape.length - 2]) * Integer.BYTES;
        return bytes / columns * rounded + sums + SLACK_BYTES;
    }
}
