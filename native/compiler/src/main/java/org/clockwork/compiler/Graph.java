package org.clockwork.compiler;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;

/** The nodes of a model in the order of execution, and who makes and who uses each name. Immutable. */
final class Graph {
    /** Opsets whose operators are known. */
    static final int FIRST_OPSET = 9;
    static final int LAST_OPSET = 21;
    private static final int MAX_NODES = 10_000;

    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, TensorProto> tensors = new HashMap<>();
    private final Map<String, Node> makers = new HashMap<>();
    private final Map<String, Integer> uses = new HashMap<>();
    private final List<String> outputs = new ArrayList<>();
    private final long opset;

    Graph(final ModelProto model) throws ModelException {
        opset = opset(model);
        final GraphProto graph = model.getGraph();
        if (graph.getNodeCount() > MAX_NODES) {
            throw new ModelException(Reason.TOO_LARGE, "The graph has too many nodes: " + graph.getNodeCount() + " of "
                + MAX_NODES);
        }
        if (graph.getSparseInitializerCount() > 0) {
            throw new ModelException(Reason.UNSUPPORTED_OPERATOR, "The model has sparse tensors.");
        }
        graph.getInitializerList().forEach(tensor -> tensors.put(tensor.getName(), tensor));
        final Set<String> known = new HashSet<>(tensors.keySet());
        graph.getInputList().forEach(input -> known.add(input.getName()));
        for (final NodeProto proto : graph.getNodeList()) {
            final Node node = new Node(proto, nodes.size());
            nodes.add(node);
            for (int i = 0; i < node.inputCount(); i++) {
                if (!node.input(i).isEmpty() && !known.contains(node.input(i))) {
                    throw node.invalid("its input '" + node.input(i) + "' is not made by any node before it");
                }
                uses.merge(node.input(i), 1, Integer::sum);
            }
            for (int i = 0; i < node.outputCount(); i++) {
                if (!node.output(i).isEmpty() && !known.add(node.output(i))) {
                    throw node.invalid("its output '" + node.output(i) + "' is made twice");
                }
                makers.put(node.output(i), node);
            }
        }
        graph.getOutputList().forEach(output -> {
            outputs.add(output.getName());
            uses.merge(output.getName(), 1, Integer::sum);
        });
        for (final String output : outputs) {
            if (!known.contains(output)) {
                throw new ModelException(Reason.INVALID_FILE, "Output '" + output + "' of the graph is not made by any node.");
            }
        }
    }

    private static long opset(final ModelProto model) throws ModelException {
        long found = -1;
        for (final OperatorSetIdProto opsetId : model.getOpsetImportList()) {
            if (opsetId.getDomain().isEmpty() || opsetId.getDomain().equals("ai.onnx")) {
                found = opsetId.getVersion();
            }
        }
        if (found < FIRST_OPSET || found > LAST_OPSET) {
            throw new ModelException(Reason.UNSUPPORTED_OPERATOR,
                "Opset " + found + " has no plans: " + FIRST_OPSET + " to " + LAST_OPSET + " have.");
        }
        return found;
    }

    List<Node> nodes() {
        return nodes;
    }

    List<String> outputs() {
        return outputs;
    }

    long opset() {
        return opset;
    }

    /** The tensor of this name in the file, or null. */
    TensorProto tensor(final String name) {
        return tensors.get(name);
    }

    /** The node that makes this name if it is such an operator, or null. */
    Node maker(final String name, final String operator) {
        final Node node = makers.get(name);
        return node != null && node.operator().equals(operator) ? node : null;
    }

    /** How often the name is used, as an output of the graph too. */
    int uses(final String name) {
        return uses.getOrDefault(name, 0);
    }
}
