package org.clockwork.worker.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.ElementType;
import org.clockwork.device.TensorSpec;
import org.junit.jupiter.api.Test;

/** The definition of generated inputs, which others compute too. */
class GeneratedInputTest {
    private static final int GOLDEN_DIGEST = 1_959_536_905;

    @Test
    void theDefinitionIsStable() {
        final TensorSpec floats = new TensorSpec("image", ElementType.FLOAT32, List.of(3));
        final TensorSpec ids = new TensorSpec("input_ids", ElementType.INT64, List.of(3));
        final UnsafeBuffer bytes = bytes(12 + 24);
        GeneratedInput.fill(42, List.of(floats, ids), bytes, 0);
        final float[] values = {bytes.getFloat(0), bytes.getFloat(4), bytes.getFloat(8)};
        assertArrayEquals(new float[] {expectedFloat(42, 0, 0), expectedFloat(42, 0, 1), expectedFloat(42, 0, 2)}, values);
        assertEquals(((expected(42, 1, 2) >>> 33) * 1000) >>> 31, bytes.getLong(12 + 16));
        assertEquals(GOLDEN_DIGEST, Arrays.hashCode(bytes.byteArray()));
    }

    @Test
    void floatsLieAroundZero() {
        final TensorSpec spec = new TensorSpec("x", ElementType.FLOAT32, List.of(10, 1000));
        final UnsafeBuffer bytes = bytes(spec.bytes());
        GeneratedInput.fill(7, List.of(spec), bytes, 0);
        double sum = 0;
        for (int i = 0; i < spec.elements(); i++) {
            final float value = bytes.getFloat(i * 4, ByteOrder.LITTLE_ENDIAN);
            assertTrue(value >= -0.5f && value < 0.5f, "value=" + value);
            sum += value;
        }
        assertTrue(Math.abs(sum / spec.elements()) < 0.02, "mean=" + sum / spec.elements());
    }

    @Test
    void namesDecideIntegers() {
        final List<Integer> shape = List.of(2, 3);
        final UnsafeBuffer bytes = bytes(5 * 48);
        GeneratedInput.fill(1, List.of(
            new TensorSpec("Attention_MASK", ElementType.INT64, shape),
            new TensorSpec("token_type_ids", ElementType.INT64, shape),
            new TensorSpec("position_ids", ElementType.INT64, shape),
            new TensorSpec("segment", ElementType.INT32, shape),
            new TensorSpec("ids", ElementType.INT32, shape)), bytes, 0);
        for (int i = 0; i < 6; i++) {
            assertEquals(1, bytes.getLong(i * 8));
            assertEquals(0, bytes.getLong(48 + i * 8));
            assertEquals(i % 3, bytes.getLong(96 + i * 8));
            assertEquals(0, bytes.getInt(144 + i * 4));
            final int id = bytes.getInt(168 + i * 4);
            assertTrue(id >= 0 && id < 1000, "id=" + id);
        }
    }

    @Test
    void halfPrecisionIsExact() {
        final TensorSpec spec = new TensorSpec("x", ElementType.FLOAT16, List.of(2000));
        final UnsafeBuffer bytes = bytes(spec.bytes());
        GeneratedInput.fill(3, List.of(spec), bytes, 0);
        for (int i = 0; i < 2000; i++) {
            final float expected = (expected(3, 0, i) >>> 54) * 0x1p-10f - 0.5f;
            assertEquals(expected, half(bytes.getShort(i * 2)), "element=" + i);
        }
    }

    @Test
    void smallTypesStayInRange() {
        final UnsafeBuffer bytes = bytes(4000);
        GeneratedInput.fill(5, List.of(
            new TensorSpec("a", ElementType.INT8, List.of(1000)),
            new TensorSpec("b", ElementType.UINT8, List.of(1000)),
            new TensorSpec("c", ElementType.BOOL, List.of(1000)),
            new TensorSpec("mask", ElementType.BOOL, List.of(1000))), bytes, 0);
        int trues = 0;
        for (int i = 0; i < 1000; i++) {
            assertTrue(bytes.getByte(i) >= 0 && bytes.getByte(i) < 100);
            assertTrue(bytes.getByte(1000 + i) >= 0 && bytes.getByte(1000 + i) < 100);
            assertTrue(bytes.getByte(2000 + i) == 0 || bytes.getByte(2000 + i) == 1);
            trues += bytes.getByte(2000 + i);
            assertEquals(1, bytes.getByte(3000 + i));
        }
        assertTrue(trues > 400 && trues < 600, "trues=" + trues);
    }

    @Test
    void slicesMakeTheWhole() {
        for (final ElementType type : ElementType.values()) {
            final TensorSpec spec = new TensorSpec("x", type, List.of(7, 11));
            final UnsafeBuffer whole = bytes(spec.bytes());
            final UnsafeBuffer sliced = bytes(spec.bytes());
            GeneratedInput.fill(9, List.of(spec), whole, 0);
            for (int from = 0; from < 77; from += 5) {
                GeneratedInput.fill(9, 0, spec, from, Math.min(5, 77 - from), sliced, 0);
            }
            assertEquals(whole, sliced, type.name());
        }
    }

    @Test
    void seedsDiffer() {
        final TensorSpec spec = new TensorSpec("x", ElementType.FLOAT32, List.of(16));
        final UnsafeBuffer one = bytes(64);
        final UnsafeBuffer two = bytes(64);
        GeneratedInput.fill(1, List.of(spec), one, 0);
        GeneratedInput.fill(2, List.of(spec), two, 0);
        assertNotEquals(one, two);
    }

    private static UnsafeBuffer bytes(final int length) {
        return new UnsafeBuffer(new byte[length]);
    }

    /** The definition, written down a second time. */
    private static long expected(final long seed, final int tensor, final int element) {
        final long golden = 0x9E3779B97F4A7C15L;
        return mix(mix(seed + (tensor + 1) * golden) + (element + 1) * golden);
    }

    private static float expectedFloat(final long seed, final int tensor, final int element) {
        return (float) ((expected(seed, tensor, element) >>> 40) / 16_777_216.0 - 0.5);
    }

    private static long mix(final long value) {
        final long a = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        final long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
        return b ^ (b >>> 31);
    }

    private static float half(final short bits) {
        final int exponent = (bits >> 10) & 0x1F;
        final int fraction = bits & 0x3FF;
        final float magnitude = exponent == 0
            ? fraction * 0x1p-24f
            : (float) ((1 + fraction / 1024.0) * Math.pow(2, exponent - 15));
        return bits < 0 ? -magnitude : magnitude;
    }
}
