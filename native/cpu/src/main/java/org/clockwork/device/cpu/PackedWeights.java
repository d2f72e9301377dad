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
    private static final Set<Integer> ANY_RANK = Set.of(2, 3, 4, 5);
    private static final Map<String, Rule> RULES = Map.ofEntries(
        Map.entry("MatMul", new Rule(Set.of(1), Set.of(2))),
        Map.entry("FusedMatMul", new Rule(Set.of(1), Set.of(2))),
        Map.entry("Gemm", new Rule(Set.of(1), Set.of(2))),
        Map.entry("FusedGemm", new Rule(Set.of(1), Set.of(2))),
        Map.entry("Attention", new Rule(Set.of(1), Set.of(2))),
        Map.entry("QAttention", new Rule(Set.of(1), Set.of(2))),
        Map.entry("MatMulInteger", new Rule(Set.of(1), ANY_RANK)),
        Map.entry("MatMulIntegerToFloat", new Rule(Set.of(1), ANY_RANK)),
        Map.entry("DynamicQuantizeMatMul", new Rule(Set.of(1), ANY_RANK)),
        Map.entry("MatMulNBits", new Rule(Set.of(1), ANY_RANK)),
        Map.entry("QLinearMatMul", new Rule(Set.of(3), ANY_RANK)),
        Map.entry("QGemm", new Rule(Set.of(3), Set.of(2))),
        Map.entry("QLinearConv", new Rule(Set.of(3), ANY_RANK)),
        Map.entry("ConvTranspose", new Rule(Set.of(1), Set.of(3, 4, 5))),
        Map.entry("LSTM", new Rule(Set.of(1, 2), Set.of(3))),
        Map.entry("GRU", new Rule(Set.of(1, 2), Set.of(3))),
        Map.entry("DynamicQuantizeLSTM", new Rule(Set.of(1, 2), Set.of(3))));
    private static final Rule NEVER = new Rule(Set.of(), Set.of());

    /** Which inputs of an operator are packed, and the ranks of weights that are. */
    private record Rule(Set<Integer> inputs, Set<Integer> ranks) {
    }

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
            final Rule rule = RULES.getOrDefault(node.getOpType(), NEVER);
            for (int i = 0; i < node.getInputCount(); i++) {
                final String name = node.getInput(i);
                final Integer rank = ranks.get(name);
                if (rank != null) {
                    final boolean isPacked = rule.inputs.contains(i) && rule.ranks.contains(rank);
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
