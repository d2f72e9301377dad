package org.clockwork.compiler;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.clockwork.device.ElementType;
import org.clockwork.device.InputTransform;
import org.clockwork.device.ModelException;

/**
 * Makes the plans of one model, one for each batch size. The same file gives the same plans, byte for byte. For one thread.
 *
 * <p>An operator that has no step ends it with an error that names node and operator; such a model can still run where
 * somebody else executes its file.
 */
public final class PlanCompiler {
    private final Dimensions.Fixed fixed;
    private final InputTransform transform;
    private final int pixelInput;
    private final Graph graph;
    private final Map<String, Constant> constants = new HashMap<>();
    private final Map<String, Weight> weights = new LinkedHashMap<>();

    /** Checks the graph's structure; its operators are looked at by {@link #plan}. */
    public PlanCompiler(final Dimensions.Fixed fixed) throws ModelException {
        this(fixed, null);
    }

    /**
     * The same for a model whose one image comes as bytes.
     *
     * @param fixed     the model as its file has it, with an image of floats.
     * @param transform makes floats of the bytes; null for none.
     */
    public PlanCompiler(final Dimensions.Fixed fixed, final InputTransform transform) throws ModelException {
        this.fixed = fixed;
        this.transform = transform;
        pixelInput = transform == null ? -1 : PixelInput.find(fixed, transform);
        graph = new Graph(fixed.model());
    }

    /** Reads a file and fixes its dimensions. */
    public static PlanCompiler open(final Path file, final long maxBytes, final Map<String, Integer> dimensions)
            throws ModelException {
        return open(file, maxBytes, dimensions, null);
    }

    /** Reads a file and fixes its dimensions; its one image comes as bytes if there is a transform. */
    public static PlanCompiler open(final Path file, final long maxBytes, final Map<String, Integer> dimensions,
        final InputTransform transform) throws ModelException {
        return new PlanCompiler(Dimensions.fix(OnnxReader.read(file, maxBytes), dimensions), transform);
    }

    /**
     * The plan for a batch size.
     *
     * @param batchSize requests; 1 if the model has no batch.
     * @param precision of what is between the steps: FLOAT32 or BFLOAT16.
     */
    public Plan plan(final int batchSize, final ElementType precision) throws ModelException {
        if (precision != ElementType.FLOAT32 && precision != ElementType.BFLOAT16) {
            throw new IllegalArgumentException("precision=" + precision);
        }
        return new Lowering(this, batchSize, precision).run();
    }

    Graph graph() {
        return graph;
    }

    Dimensions.Fixed fixed() {
        return fixed;
    }

    /** Makes floats of the bytes of input {@link #pixelInput}; null for none. */
    InputTransform transform() {
        return transform;
    }

    /** Which input comes as bytes; -1 for none. */
    int pixelInput() {
        return pixelInput;
    }

    /** The constant of this name in the file, or null. */
    Constant constant(final String name) throws ModelException {
        final Constant known = constants.get(name);
        final TensorProto tensor = graph.tensor(name);
        if (known != null || tensor == null) {
            return known;
        }
        final Constant read = Constant.read(tensor);
        if (read != null) {
            constants.put(name, read);
        }
        return read;
    }

    /** The weight of this key: the same for all plans. */
    Weight weight(final String key, final long[] dims, final java.util.function.Supplier<java.nio.FloatBuffer> source) {
        return weights.computeIfAbsent(key, name -> new Weight(weights.size(), name, dims, source));
    }
}
