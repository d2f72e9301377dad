package org.clockwork.worker.input;

import java.nio.ByteOrder;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.clockwork.device.ElementType;
import org.clockwork.device.TensorSpec;

/**
 * Defines the input that stands for {@code GENERATED(seed)}, so that whoever knows the seed and the model's tensors can
 * compute the very same bytes, for instance to check an answer. The definition is stable. All is little endian.
 *
 * <p>Tensor {@code t} of the request has its own stream {@code s = mix(seed + (t + 1) * G)}; its element {@code i},
 * counted in memory order for one request, draws {@code z = mix(s + (i + 1) * G)}, with {@code G = 0x9E3779B97F4A7C15}
 * and {@code mix} the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014; variant 13 of Stafford):
 * <pre>
 *   z = (z ^ (z &gt;&gt;&gt; 30)) * 0xBF58476D1CE4E5B9;  z = (z ^ (z &gt;&gt;&gt; 27)) * 0x94D049BB133111EB;
 *   z ^ (z &gt;&gt;&gt; 31)
 * </pre>
 * <ul>
 * <li>FLOAT32, BFLOAT16: {@code (z >>> 40) * 2^-24 - 0.5f}, of which BFLOAT16 keeps the upper half of the bits;
 * <li>FLOAT64: {@code (z >>> 11) * 2^-53 - 0.5};
 * <li>FLOAT16: {@code (z >>> 54) * 2^-10 - 0.5}, which is exact;
 * <li>integers, by the name of the tensor, in any case: 1 where it contains {@code mask}; 0 where it contains
 *     {@code type} or {@code segment}; the index along the last dimension where it contains {@code position}; else
 *     {@code ((z >>> 33) * n) >>> 31}, an id below n = 1000 (100 for INT8 and UINT8);
 * <li>BOOL: 1 where the name contains {@code mask}, else {@code z >>> 63}.
 * </ul>
 * Stateless; any thread may use it.
 */
public final class GeneratedInput {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final int IDS = 1000;
    private static final int BYTE_IDS = 100;

    private GeneratedInput() {
    }

    /** How the integers of a tensor are chosen. */
    private enum Rule {
        /** All 1: nothing is masked. */
        ONES,
        /** All 0: one type, one segment. */
        ZEROS,
        /** 0, 1, 2 ... along the last dimension. */
        POSITIONS,
        /** Small ids. */
        IDS
    }

    /** Writes all tensors of a request, one after the other. */
    public static void fill(
            final long seed, final List<TensorSpec> tensors, final MutableDirectBuffer target, final int offset) {
        int position = offset;
        for (int i = 0; i < tensors.size(); i++) {
            final TensorSpec tensor = tensors.get(i);
            fill(seed, i, tensor, 0, tensor.elements(), target, position);
            position += tensor.bytes();
        }
    }

    /**
     * Writes some elements of one tensor.
     *
     * @param seed        of the request.
     * @param tensorIndex among the inputs.
     * @param tensor      which it is.
     * @param from        first element to write.
     * @param count       of elements to write.
     * @param target      to write to.
     * @param offset      in it of the tensor's element 0.
     */
    public static void fill(
            final long seed, final int tensorIndex, final TensorSpec tensor,
            final int from, final int count, final MutableDirectBuffer target, final int offset) {
        final long stream = mix(seed + (tensorIndex + 1) * GOLDEN);
        final ElementType type = tensor.type();
        switch (type) {
            case FLOAT32 -> {
                for (int i = from; i < from + count; i++) {
                    target.putInt(offset + i * 4, Float.floatToRawIntBits(unit(draw(stream, i))), ByteOrder.LITTLE_ENDIAN);
                }
            }
            case BFLOAT16 -> {
                for (int i = from; i < from + count; i++) {
                    final int bits = Float.floatToRawIntBits(unit(draw(stream, i)));
                    target.putShort(offset + i * 2, (short) (bits >>> 16), ByteOrder.LITTLE_ENDIAN);
                }
            }
            case FLOAT16 -> {
                for (int i = from; i < from + count; i++) {
                    target.putShort(offset + i * 2, half(draw(stream, i)), ByteOrder.LITTLE_ENDIAN);
                }
            }
            case FLOAT64 -> {
                for (int i = from; i < from + count; i++) {
                    final double value = (draw(stream, i) >>> 11) * 0x1p-53 - 0.5;
                    target.putLong(offset + i * 8, Double.doubleToRawLongBits(value), ByteOrder.LITTLE_ENDIAN);
                }
            }
            default -> fillIntegers(stream, tensor, from, count, target, offset);
        }
    }

    private static void fillIntegers(
            final long stream, final TensorSpec tensor,
            final int from, final int count, final MutableDirectBuffer target, final int offset) {
        final ElementType type = tensor.type();
        final Rule rule = rule(tensor.name());
        final List<Integer> shape = tensor.shape();
        final int last = shape.isEmpty() ? 1 : shape.get(shape.size() - 1);
        for (int i = from; i < from + count; i++) {
            final int value = switch (rule) {
                case ONES -> 1;
                case ZEROS -> 0;
                case POSITIONS -> type == ElementType.BOOL ? 0 : i % last;
                case IDS -> id(draw(stream, i), type);
            };
            switch (type.bytes()) {
                case 1 -> target.putByte(offset + i, (byte) value);
                case 4 -> target.putInt(offset + i * 4, value, ByteOrder.LITTLE_ENDIAN);
                default -> target.putLong(offset + i * 8, value, ByteOrder.LITTLE_ENDIAN);
            }
        }
    }

    private static Rule rule(final String name) {
        if (contains(name, "mask")) {
            return Rule.ONES;
        }
        if (contains(name, "type") || contains(name, "segment")) {
            return Rule.ZEROS;
        }
        return contains(name, "position") ? Rule.POSITIONS : Rule.IDS;
    }

    private static boolean contains(final String name, final String word) {
        for (int i = 0; i <= name.length() - word.length(); i++) {
            if (name.regionMatches(true, i, word, 0, word.length())) {
                return true;
            }
        }
        return false;
    }

    private static int id(final long draw, final ElementType type) {
        return switch (type) {
            case BOOL -> (int) (draw >>> 63);
            case INT8, UINT8 -> (int) (((draw >>> 33) * BYTE_IDS) >>> 31);
            default -> (int) (((draw >>> 33) * IDS) >>> 31);
        };
    }

    private static float unit(final long draw) {
        return (draw >>> 40) * 0x1p-24f - 0.5f;
    }

    /** The half-precision bits of {@code (draw >>> 54) / 1024 - 1/2}, which has at most ten significant bits. */
    private static short half(final long draw) {
        final int thousandths = (int) (draw >>> 54) - 512;
        if (thousandths == 0) {
            return 0;
        }
        final int magnitude = Math.abs(thousandths);
        final int power = 31 - Integer.numberOfLeadingZeros(magnitude);
        final int exponent = power - 10 + 15;
        final int fraction = (magnitude << (10 - power)) & 0x3FF;
        return (short) ((thousandths < 0 ? 0x8000 : 0) | exponent << 10 | fraction);
    }

    private static long draw(final long stream, final int element) {
        return mix(stream + (element + 1) * GOLDEN);
    }

    private static long mix(final long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
