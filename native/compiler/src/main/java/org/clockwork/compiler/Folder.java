package org.clockwork.compiler;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.LongBinaryOperator;
import org.clockwork.device.ModelException;

/** Computes what is known before any request: shapes, and weights that the model derives from others. Stateless. */
final class Folder {
    /** Largest result; larger ones are no shape arithmetic and are left to the steps. */
    static final long MAX_ELEMENTS = 1 << 26;

    private Folder() {
    }

    /** The node's result, or null if this is nothing that is computed here. */
    static Constant fold(final Node node, final List<Constant> in) throws ModelException {
        return switch (node.operator()) {
            case "Identity", "Dropout" -> in.get(0);
            case "Shape" -> Constant.ofIntegers(new long[] {in.get(0).rank()}, in.get(0).dims());
            case "ConstantOfShape" -> constantOfShape(node, in.get(0));
            case "Cast" -> cast(node, in.get(0));
            case "Add" -> binary(node, in, Double::sum, Long::sum);
            case "Sub" -> binary(node, in, (a, b) -> a - b, (a, b) -> a - b);
            case "Mul" -> binary(node, in, (a, b) -> a * b, (a, b) -> a * b);
            case "Div" -> binary(node, in, (a, b) -> a / b, (a, b) -> b == 0 ? 0 : a / b);
            case "Pow" -> binary(node, in, StrictMath::pow, (a, b) -> (long) StrictMath.pow(a, b));
            case "Min" -> binary(node, in, Math::min, Math::min);
            case "Max" -> binary(node, in, Math::max, Math::max);
            case "Equal" -> binary(node, in, null, (a, b) -> a == b ? 1 : 0);
            case "Sqrt" -> in.get(0).isFloat() ? sqrt(in.get(0)) : null;
            case "Neg" -> in.get(0).isFloat() ? null : Constant.ofIntegers(in.get(0).dims(),
                Arrays.stream(in.get(0).integers()).map(v -> -v).toArray());
            case "Where" -> where(node, in);
            case "Range" -> range(node, in);
            case "Concat" -> concat(node, in);
            case "Gather" -> gather(node, in.get(0), in.get(1));
            case "Slice" -> slice(node, in);
            case "Expand" -> select(in.get(0), broadcast(node, in.get(0).dims(), in.get(1).integers()));
            case "Transpose" -> transpose(node, in.get(0));
            default -> null;
        };
    }

    private static Constant constantOfShape(final Node node, final Constant shape) throws ModelException {
        final Constant value = node.has("value") ? Constant.read(node.tensor("value")) : Constant.of(new long[] {1}, 0);
        if (value == null || value.elements() != 1) {
            return null;
        }
        return select(value.withDims(), limited(node, shape.integers()));
    }

    private static Constant cast(final Node node, final Constant x) {
        final long to = node.integer("to", 0);
        if (to == 1) {
            if (x.isFloat()) {
                return x;
            }
            final float[] values = new float[x.elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = x.integers()[i];
            }
            return Constant.of(x.dims(), values);
        }
        final boolean isInteger = to == 6 || to == 7;
        if (!isInteger && to != 9) {
            return null;
        }
        final long[] values = new long[x.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = isInteger ? (long) x.at(i) : x.at(i) != 0 ? 1 : 0;
        }
        return Constant.ofIntegers(x.dims(), values);
    }

    private static Constant sqrt(final Constant x) {
        final float[] values = x.toFloats();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) StrictMath.sqrt(values[i]);
        }
        return Constant.of(x.dims(), values);
    }

    private static Constant binary(final Node node, final List<Constant> in, final DoubleBinaryOperator ofFloats,
        final LongBinaryOperator ofIntegers) throws ModelException {
        if (in.size() != 2 || in.get(0).isFloat() != in.get(1).isFloat() || in.get(0).isFloat() && ofFloats == null) {
            return null;
        }
        final long[] dims = broadcast(node, in.get(0).dims(), in.get(1).dims());
        final int[] left = positions(in.get(0).dims(), dims);
        final int[] right = positions(in.get(1).dims(), dims);
        if (in.get(0).isFloat()) {
            final float[] values = new float[left.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) ofFloats.applyAsDouble(in.get(0).at(left[i]), in.get(1).at(right[i]));
            }
            return Constant.of(dims, values);
        }
        final long[] values = new long[left.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = ofIntegers.applyAsLong(in.get(0).integers()[left[i]], in.get(1).integers()[right[i]]);
        }
        return Constant.ofIntegers(dims, values);
    }

    private static Constant where(final Node node, final List<Constant> in) throws ModelException {
        if (in.get(0).isFloat() || in.get(1).isFloat() || in.get(2).isFloat()) {
            return null;
        }
        final long[] dims = broadcast(node, broadcast(node, in.get(0).dims(), in.get(1).dims()), in.get(2).dims());
        final int[] condition = positions(in.get(0).dims(), dims);
        final int[] left = positions(in.get(1).dims(), dims);
        final int[] right = positions(in.get(2).dims(), dims);
        final long[] values = new long[condition.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.get(0).integers()[condition[i]] != 0
                ? in.get(1).integers()[left[i]] : in.get(2).integers()[right[i]];
        }
        return Constant.ofIntegers(dims, values);
    }

    private static Constant range(final Node node, final List<Constant> in) throws ModelException {
        if (in.size() != 3 || in.stream().anyMatch(c -> c.isFloat() || c.elements() != 1)) {
            return null;
        }
        final long start = in.get(0).integers()[0];
        final long limit = in.get(1).integers()[0];
        final long step = in.get(2).integers()[0];
        if (step == 0) {
            throw node.invalid("a step of 0");
        }
        final double count = Math.max(0, Math.ceil(((double) limit - start) / step));
        final long[] dims = limited(node, (long) count);
        final long[] values = new long[(int) dims[0]];
        Arrays.setAll(values, i -> start + i * step);
        return Constant.ofIntegers(dims, values);
    }

    private static Constant concat(final Node node, final List<Constant> in) throws ModelException {
        final int rank = in.get(0).rank();
        if (rank != 1 || in.stream().anyMatch(c -> c.rank() != 1 || c.isFloat())) {
            return null;
        }
        final List<Long> values = new ArrayList<>();
        in.forEach(c -> Arrays.stream(c.integers()).forEach(values::add));
        return Constant.ofIntegers(limited(node, values.size()), values.stream().mapToLong(Long::longValue).toArray());
    }

    private static Constant gather(final Node node, final Constant data, final Constant indexes) throws ModelException {
        final int axis = axis(node, node.integer("axis", 0), data.rank());
        if (indexes.isFloat()) {
            throw node.invalid("its indexes are no integers");
        }
        final long[] dims = new long[data.rank() - 1 + indexes.rank()];
        System.arraycopy(data.dims(), 0, dims, 0, axis);
        System.arraycopy(indexes.dims(), 0, dims, axis, indexes.rank());
        System.arraycopy(data.dims(), axis + 1, dims, axis + indexes.rank(), data.rank() - axis - 1);
        limited(node, dims);
        long inner = 1;
        for (int i = axis + 1; i < data.rank(); i++) {
            inner *= data.dims()[i];
        }
        final long size = data.dims()[axis];
        final int count = indexes.elements();
        final int[] positions = new int[(int) product(dims)];
        for (int i = 0; i < positions.length; i++) {
            final long index = indexes.integers()[(int) (i / inner % count)];
            final long row = index < 0 ? index + size : index;
            if (row < 0 || row >= size) {
                throw node.invalid("index " + index + " is outside of " + size);
            }
            positions[i] = (int) ((i / inner / count * size + row) * inner + i % inner);
        }
        return pick(data, dims, positions);
    }

    private static Constant slice(final Node node, final List<Constant> in) throws ModelException {
        final Constant data = in.get(0);
        final SliceRange[] ranges = SliceRange.of(node, data.dims(), in);
        final long[] strides = View.plainStrides(data.dims());
        final long[] dims = new long[data.rank()];
        long start = 0;
        for (int i = 0; i < dims.length; i++) {
            dims[i] = ranges[i].size();
            start += ranges[i].start() * strides[i];
            strides[i] *= ranges[i].step();
        }
        return pick(data, dims, walk(dims, strides, start));
    }

    private static Constant transpose(final Node node, final Constant x) throws ModelException {
        final int[] order = order(node, x.rank());
        final long[] strides = View.plainStrides(x.dims());
        final long[] dims = new long[order.length];
        final long[] moved = new long[order.length];
        for (int i = 0; i < order.length; i++) {
            dims[i] = x.dims()[order[i]];
            moved[i] = strides[order[i]];
        }
        return product(dims) > MAX_ELEMENTS ? null : pick(x, dims, walk(dims, moved, 0));
    }

    /** The order of a transposition. */
    static int[] order(final Node node, final int rank) throws ModelException {
        final long[] given = node.integers("perm");
        final int[] order = new int[rank];
        Arrays.setAll(order, i -> given == null ? rank - 1 - i : i < given.length ? (int) given[i] : -1);
        final int[] sorted = order.clone();
        Arrays.sort(sorted);
        for (int i = 0; i < rank; i++) {
            if (sorted[i] != i || given != null && given.length != rank) {
                throw node.invalid("no order of " + rank + " dimensions: " + Arrays.toString(given));
            }
        }
        return order;
    }

    /** An axis that may be counted from the end. */
    static int axis(final Node node, final long axis, final int rank) throws ModelException {
        final long counted = axis < 0 ? axis + rank : axis;
        if (counted < 0 || counted >= rank) {
            throw node.invalid("axis " + axis + " of " + rank + " dimensions");
        }
        return (int) counted;
    }

    /** The shape that two shapes are repeated to. */
    static long[] broadcast(final Node node, final long[] a, final long[] b) throws ModelException {
        final long[] dims = new long[Math.max(a.length, b.length)];
        for (int i = 1; i <= dims.length; i++) {
            final long left = i <= a.length ? a[a.length - i] : 1;
            final long right = i <= b.length ? b[b.length - i] : 1;
            if (left != right && left != 1 && right != 1) {
                throw node.invalid("shapes do not fit: " + Arrays.toString(a) + " and " + Arrays.toString(b));
            }
            dims[dims.length - i] = left == 1 ? right : left;
        }
        limited(node, dims);
        return dims;
    }

    private static Constant select(final Constant x, final long[] dims) {
        return pick(x, dims, positions(x.dims(), dims));
    }

    private static Constant pick(final Constant x, final long[] dims, final int[] positions) {
        if (x.isFloat()) {
            final float[] values = new float[positions.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) x.at(positions[i]);
            }
            return Constant.of(dims, values);
        }
        return Constant.ofIntegers(dims, Arrays.stream(positions).mapToLong(p -> x.integers()[p]).toArray());
    }

    /** For each element of {@code dims}, where it comes from in a tensor that is repeated to them. */
    private static int[] positions(final long[] from, final long[] dims) {
        final long[] plain = View.plainStrides(from);
        final long[] strides = new long[dims.length];
        for (int i = 1; i <= from.length; i++) {
            strides[dims.length - i] = from[from.length - i] == 1 ? 0 : plain[from.length - i];
        }
        return walk(dims, strides, 0);
    }

    private static int[] walk(final long[] dims, final long[] strides, final long start) {
        final int[] positions = new int[(int) product(dims)];
        for (int i = 0; i < positions.length; i++) {
            long rest = i;
            long at = start;
            for (int axis = dims.length - 1; axis >= 0; axis--) {
                at += rest % dims[axis] * strides[axis];
                rest /= dims[axis];
            }
            positions[i] = (int) at;
        }
        return positions;
    }

    private static long product(final long[] dims) {
        return Arrays.stream(dims).reduce(1, (a, b) -> a * b);
    }

    private static long[] limited(final Node node, final long... dims) throws ModelException {
        long elements = 1;
        for (final long dim : dims) {
            if (dim < 0) {
                throw node.invalid("a negative dimension: " + Arrays.toString(dims));
            }
            if (dim > MAX_ELEMENTS || elements * dim > MAX_ELEMENTS) {
                throw node.tooLarge("a constant of shape " + Arrays.toString(dims));
            }
            elements *= dim;
        }
        return dims;
    }
}
