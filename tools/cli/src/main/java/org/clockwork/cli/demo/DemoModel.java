package org.clockwork.cli.demo;

import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.cli.load.PreparedInputs;
import org.clockwork.cli.run.UserError;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.RegisterSpec;
import org.clockwork.client.TensorInfo;
import org.clockwork.loadgen.Xoshiro;
import org.clockwork.model.TokenIds;
import org.clockwork.model.WordPieceTokenizer;

/**
 * One row of the demonstration.
 *
 * @param name       registered name, or the prefix of several.
 * @param about      what it is.
 * @param count      1, or how many names there are over the one file.
 * @param file       original ONNX file.
 * @param dimensions fixed at registration.
 * @param pattern    of its arrivals.
 * @param share      of the execution engine's time that the default load asks for.
 * @param texts      sentences to tokenize; empty: pictures are drawn.
 * @param tokenizer  for the sentences; else null.
 */
record DemoModel(
    String name, String about, int count, Path file, Map<String, Integer> dimensions, ArrivalPattern pattern, double share,
    List<String> texts, WordPieceTokenizer tokenizer) {

    /** The registration. */
    RegisterSpec registration(final long sloNs, final int maxBatch) {
        final RegisterSpec spec = RegisterSpec.file(name, file).count(count).defaultSloNs(sloNs).maxBatch(maxBatch);
        dimensions.forEach(spec::dimension);
        return spec;
    }

    /** Whether a registered name is one of this row's. */
    boolean isNamed(final String registered) {
        return 1 == count ? registered.equals(name) : registered.matches(name + "-[0-9]+");
    }

    /** Real inputs: sentences, or pictures drawn from the seed. */
    PreparedInputs inputs(final ModelInfo info, final int inputs, final long seed) {
        final int bytes = Math.toIntExact(info.inputBytes());
        final UnsafeBuffer memory = new UnsafeBuffer(new byte[Math.multiplyExact(inputs, bytes)]);
        final SyntheticPictures pictures = new SyntheticPictures(new Xoshiro(seed, "pictures " + name));
        for (int i = 0; i < inputs; i++) {
            if (texts.isEmpty()) {
                draw(memory, i * bytes, info, pictures);
            } else {
                tokenize(memory, i * bytes, info, texts.get(i % texts.size()));
            }
        }
        return new PreparedInputs(memory, bytes);
    }

    /** Per input tensor, its dimensions with a batch of 1. */
    static Map<String, long[]> shapes(final ModelInfo info) {
        final Map<String, long[]> shapes = new LinkedHashMap<>();
        for (final TensorInfo tensor : info.inputs()) {
            final int[] dimensions = dimensionsOf(tensor);
            final long[] shape = new long[dimensions.length + 1];
            shape[0] = 1;
            for (int i = 0; i < dimensions.length; i++) {
                shape[i + 1] = dimensions[i];
            }
            shapes.put(tensor.name(), shape);
        }
        return shapes;
    }

    private static void draw(
        final UnsafeBuffer memory, final int offset, final ModelInfo info, final SyntheticPictures pictures) {
        final int[] shape = dimensionsOf(info.inputs().get(0));
        if (3 == shape.length) {
            pictures.draw(memory, offset, shape[0], shape[1]);
        } else {
            pictures.draw(memory, offset, 1, (int) Math.round(Math.sqrt(shape[shape.length - 1])));
        }
    }

    private void tokenize(final UnsafeBuffer memory, final int offset, final ModelInfo info, final String text) {
        int at = offset;
        for (final TensorInfo tensor : info.inputs()) {
            final int length = tensor.bytes() / Long.BYTES;
            final TokenIds ids = tokenizer.encode(text, length);
            final long[] values = switch (tensor.name()) {
                case "input_ids" -> ids.inputIds();
                case "attention_mask" -> ids.attentionMask();
                case "token_type_ids" -> ids.tokenTypeIds();
                default -> throw new UserError("the transformer has an input that is not known: " + tensor.name());
            };
            for (final long value : values) {
                memory.putLong(at, value, ByteOrder.LITTLE_ENDIAN);
                at += Long.BYTES;
            }
        }
    }

    private static int[] dimensionsOf(final TensorInfo tensor) {
        final String[] parts = tensor.shape().split("x");
        final int[] dimensions = new int[parts.length];
        for (int i = 0; i < parts.length; i++) {
            dimensions[i] = Integer.parseInt(parts[i]);
        }
        return dimensions;
    }
}
