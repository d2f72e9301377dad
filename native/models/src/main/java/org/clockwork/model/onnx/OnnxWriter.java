package org.clockwork.model.onnx;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.List;

/** Writes a model to a stream, with one row of weights in memory at a time. */
final class OnnxWriter {
    private OnnxWriter() {
    }

    /** Writes {@code model}, to which the graph is added, to which the weights are added. */
    static void write(final OnnxMl.ModelProto model, final OnnxMl.GraphProto graph, final List<Weights> weights, final long seed,
        final OutputStream stream) throws IOException {
        final CodedOutputStream out = CodedOutputStream.newInstance(stream, 1 << 16);
        model.writeTo(out);
        long graphBytes = graph.getSerializedSize();
        for (final Weights tensor : weights) {
            graphBytes += CodedOutputStream.computeTagSize(OnnxMl.GraphProto.INITIALIZER_FIELD_NUMBER)
                + sizeOfSize(tensorBytes(tensor)) + tensorBytes(tensor);
        }
        if (graphBytes > Integer.MAX_VALUE) {
            throw new IOException("the model takes " + graphBytes + " bytes, more than an ONNX file holds");
        }
        out.writeTag(OnnxMl.ModelProto.GRAPH_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        out.writeUInt32NoTag((int) graphBytes);
        graph.writeTo(out);
        for (int i = 0; i < weights.size(); i++) {
            writeTensor(out, weights.get(i), new WeightStream(seed, i));
        }
        out.flush();
    }

    private static void writeTensor(final CodedOutputStream out, final Weights tensor, final WeightStream values)
            throws IOException {
        out.writeTag(OnnxMl.GraphProto.INITIALIZER_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        out.writeUInt32NoTag((int) tensorBytes(tensor));
        tensor.header().writeTo(out);
        out.writeTag(OnnxMl.TensorProto.RAW_DATA_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        out.writeUInt32NoTag((int) tensor.rawBytes());
        final float[] scratch = new float[tensor.rowLength()];
        final ByteBuffer row = ByteBuffer.allocate(tensor.rowLength() * Long.BYTES);
        for (long written = 0; written < tensor.rawBytes(); written += row.limit()) {
            tensor.nextRow(values, scratch, row);
            out.writeRawBytes(row.array(), 0, row.limit());
        }
    }

    private static long tensorBytes(final Weights tensor) {
        return tensor.header().getSerializedSize() + CodedOutputStream.computeTagSize(OnnxMl.TensorProto.RAW_DATA_FIELD_NUMBER)
            + sizeOfSize(tensor.rawBytes()) + tensor.rawBytes();
    }

    private static int sizeOfSize(final long bytes) {
        return CodedOutputStream.computeUInt64SizeNoTag(bytes);
    }
}
