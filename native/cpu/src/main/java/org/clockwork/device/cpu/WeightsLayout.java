package org.clockwork.device.cpu;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OnnxJavaType;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.clockwork.device.ElementType;

/**
 * Lays the weights of an optimised model out anew: each tensor at a multiple of 64 bytes, those that ONNX Runtime may
 * pack at the end, so that a LOAD copies one piece. Used by the compiling thread.
 */
final class WeightsLayout {
    private static final int ALIGNMENT = 64;

    private final byte[] skeleton;
    private final List<Binding> bindings;
    private final List<ByteBuffer> sources;
    private final long plainBytes;
    private final long packedSourceBytes;
    private final long totalBytes;
    private final long packedBytes;

    private WeightsLayout(final byte[] skeleton, final List<Binding> bindings, final List<ByteBuffer> sources) {
        this.skeleton = skeleton;
        this.bindings = List.copyOf(bindings);
        this.sources = sources;
        long plain = 0;
        long end = 0;
        long packed = 0;
        for (final Binding binding : bindings) {
            end = NativeMemory.roundUp(binding.offset() + binding.bytes(), ALIGNMENT);
            if (binding.packed()) {
                packed += PackedWeights.packedBytes(binding.shape(), binding.bytes());
            } else {
                plain = end;
            }
        }
        plainBytes = plain;
        totalBytes = end;
        packedSourceBytes = end - plain;
        packedBytes = packed;
    }

    /** Whether a graph hangs on an operator: then its weights can't be bound by name. */
    static boolean hasInnerGraphs(final GraphProto graph) {
        for (final NodeProto node : graph.getNodeList()) {
            for (final AttributeProto attribute : node.getAttributeList()) {
                if (attribute.hasG() || attribute.getGraphsCount() > 0) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Plans the layout.
     *
     * @param optimised as ONNX Runtime saved it, large initializers in another file.
     * @param weights   that file.
     */
    static WeightsLayout plan(final ModelProto optimised, final ByteBuffer weights) {
        final Set<String> packable = PackedWeights.of(optimised.getGraph());
        final GraphProto.Builder graph = optimised.getGraph().toBuilder();
        final List<Binding> bindings = new ArrayList<>();
        final List<ByteBuffer> sources = new ArrayList<>();
        long offset = 0;
        for (final boolean packed : new boolean[] {false, true}) {
            for (int i = 0; i < graph.getInitializerCount(); i++) {
                final TensorProto tensor = graph.getInitializer(i);
                if (tensor.getExternalDataCount() == 0 || packable.contains(tensor.getName()) != packed) {
                    continue;
                }
                final ByteBuffer source = source(tensor, weights);
                final ElementType type = ElementTypes.ofFile(tensor.getDataType());
                graph.setInitializer(i, type == null ? inline(tensor, source) : nowhere(tensor));
                if (type == null) {
                    continue;
                }
                final long[] shape = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
                final OnnxJavaType runtimeType = ElementTypes.toRuntime(type);
                bindings.add(new Binding(tensor.getName(), runtimeType, shape, offset, source.remaining(), packed));
                sources.add(source);
                offset = NativeMemory.roundUp(offset + source.remaining(), ALIGNMENT);
            }
        }
        final byte[] skeleton = optimised.toBuilder().setGraph(graph).build().toByteArray();
        return new WeightsLayout(skeleton, bindings, sources);
    }

    private static ByteBuffer source(final TensorProto tensor, final ByteBuffer weights) {
        long offset = 0;
        long length = 0;
        for (final StringStringEntryProto entry : tensor.getExternalDataList()) {
            if (entry.getKey().equals("offset")) {
                offset = Long.parseLong(entry.getValue());
            } else if (entry.getKey().equals("length")) {
                length = Long.parseLong(entry.getValue());
            }
        }
        return weights.slice(Math.toIntExact(offset), Math.toIntExact(length));
    }

    private static TensorProto inline(final TensorProto tensor, final ByteBuffer source) {
        return tensor.toBuilder()
            .clearExternalData()
            .setDataLocation(TensorProto.DataLocation.DEFAULT)
            .setRawData(UnsafeByteOperations.unsafeWrap(source))
            .build();
    }

    private static TensorProto nowhere(final TensorProto tensor) {
        return tensor.toBuilder()
            .clearExternalData()
            .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue(OrtRuntime.NOWHERE_FILE))
            .build();
    }

    /** Copies all tensors to where they belong. */
    void fill(final ByteBuffer payload) {
        for (int i = 0; i < sources.size(); i++) {
            payload.put(Math.toIntExact(bindings.get(i).offset()), sources.get(i), 0, sources.get(i).remaining());
        }
    }

    byte[] skeleton() {
        return skeleton;
    }

    /** As they are when ONNX Runtime packs ({@code prepacked}) or when every tensor is used where it lies. */
    List<Binding> bindings(final boolean prepacked) {
        return prepacked ? bindings : bindings.stream()
            .map(b -> new Binding(b.name(), b.type(), b.shape(), b.offset(), b.bytes(), false)).toList();
    }

    long regionBytes(final boolean prepacked) {
        return prepacked ? plainBytes : totalBytes;
    }

    long packedBytes(final boolean prepacked) {
        return prepacked ? packedBytes : 0;
    }

    long totalBytes() {
        return totalBytes;
    }

    /** Bytes of the weights that may be packed, as they are before. */
    long packableBytes() {
        return packedSourceBytes;
    }
}
