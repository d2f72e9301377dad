package org.clockwork.compiler;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.CodedInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.nio.file.StandardOpenOption;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;

/** Reads a file that anybody may have sent: it is a complete ONNX model that refers to no other file, or it is refused. */
public final class OnnxReader {
    private static final long SMALLEST = 16;

    private OnnxReader() {
    }

    /**
     * Reads and checks a file.
     *
     * @throws ModelException saying what is wrong with it.
     */
    public static ModelProto read(final Path file, final long maxBytes) throws ModelException {
        return read(file, maxBytes, mapped -> { });
    }

    /**
     * The same for somebody who watches memory.
     *
     * @param onMapped told of the file in memory, which the model reads its tensors from.
     */
    public static ModelProto read(final Path file, final long maxBytes, final Consumer<ByteBuffer> onMapped)
            throws ModelException {
        try {
            if (!Files.isRegularFile(file)) {
                throw new ModelException(Reason.INVALID_FILE, "There is no model file.");
            }
            final long bytes = Files.size(file);
            if (bytes < SMALLEST) {
                throw new ModelException(Reason.INVALID_FILE, "The file is too short for an ONNX model: bytes=" + bytes);
            }
            if (bytes > maxBytes) {
                throw new ModelException(Reason.TOO_LARGE, "The file is too large: bytes=" + bytes + " limit=" + maxBytes);
            }
            final ModelProto model = parse(file, bytes, onMapped);
            check(model);
            return model;
        } catch (final IOException e) {
            throw new ModelException(Reason.INVALID_FILE, "The file is no complete ONNX model: " + e.getMessage(), e);
        }
    }

    /** The tensors' bytes stay in the mapped file: the heap holds the graph only. */
    private static ModelProto parse(final Path file, final long bytes, final Consumer<ByteBuffer> onMapped)
            throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final ByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes);
            onMapped.accept(mapped);
            final CodedInputStream in = CodedInputStream.newInstance(mapped);
            in.enableAliasing(true);
            final ModelProto model = ModelProto.parseFrom(in);
            in.checkLastTagWas(0);
            return model;
        }
    }

    private static void check(final ModelProto model) throws ModelException {
        if (!model.hasGraph() || model.getIrVersion() <= 0 || model.getOpsetImportCount() == 0) {
            throw new ModelException(Reason.INVALID_FILE, "The file holds no ONNX graph with its versions.");
        }
        final GraphProto graph = model.getGraph();
        if (graph.getNodeCount() == 0 || graph.getOutputCount() == 0) {
            throw new ModelException(Reason.INVALID_FILE, "The graph has no operators or no outputs.");
        }
        rejectOtherFiles(graph);
    }

    private static void rejectOtherFiles(final GraphProto graph) throws ModelException {
        for (final TensorProto tensor : graph.getInitializerList()) {
            reject(tensor);
        }
        for (final SparseTensorProto sparse : graph.getSparseInitializerList()) {
            reject(sparse.getValues());
            reject(sparse.getIndices());
        }
        for (final NodeProto node : graph.getNodeList()) {
            for (final AttributeProto attribute : node.getAttributeList()) {
                rejectOtherFiles(attribute);
            }
        }
    }

    private static void rejectOtherFiles(final AttributeProto attribute) throws ModelException {
        if (attribute.hasT()) {
            reject(attribute.getT());
        }
        for (final TensorProto tensor : attribute.getTensorsList()) {
            reject(tensor);
        }
        if (attribute.hasSparseTensor()) {
            reject(attribute.getSparseTensor().getValues());
            reject(attribute.getSparseTensor().getIndices());
        }
        if (attribute.hasG()) {
            rejectOtherFiles(attribute.getG());
        }
        for (final GraphProto graph : attribute.getGraphsList()) {
            rejectOtherFiles(graph);
        }
    }

    private static void reject(final TensorProto tensor) throws ModelException {
        if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL || tensor.getExternalDataCount() > 0) {
            throw new ModelException(Reason.INVALID_FILE, "The model keeps weights in another file (tensor '"
                + tensor.getName() + "'): register one file that holds everything.");
        }
    }
}
