package org.clockwork.compiler;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;

/** Operators that only move elements, most of which cost nothing. For one thread. */
final class ShapeLowering {
    private static final int MAX_REPEATS = 64;
    private final Lowering lowering;

    ShapeLowering(final Lowering lowering) {
        this.lowering = lowering;
    }

    boolean lower(final Node node) throws ModelException {
        switch (node.operator()) {
            case "Identity", "Dropout" -> alias(node);
            case "Reshape" -> reshape(node);
            case "Flatten" -> flatten(node);
            case "Squeeze", "Unsqueeze" -> squeeze(node);
            case "Transpose" -> {
                final View view = view(node);
                lowering.set(node, view.permute(Folder.order(node, view.rank())));
            }
            case "Slice" -> slice(node);
            case "Split" -> split(node);
            case "Concat" -> concat(node);
            case "DepthToSpace" -> depthToSpace(node);
            case "Gather" -> gather(node);
            case "Cast" -> cast(node);
            case "Resize", "Upsample" -> resize(node);
            default -> {
                return false;
            }
        }
        return true;
    }

    private View view(final Node node) throws ModelException {
        final Value value = lowering.value(node, 0);
        return value.isConstant() ? lowering.weight(value) : value.view();
    }

    private void alias(final Node node) throws ModelException {
        final Value value = lowering.value(node, 0);
        if (value.isConstant()) {
            lowering.set(node, value.constant());
        } else {
            become(node, value, value.view());
        }
    }

    /** The same elements in the same order: what follows can still be fused into the step that makes them. */
    private void become(final Node node, final Value value, final View view) {
        if (value.step() != null) {
            lowering.set(node, view, value.step());
        } else {
            lowering.set(node, view);
        }
    }

    private void inShape(final Node node, final long... dims) throws ModelException {
        final Value value = lowering.value(node, 0);
        final long from = Constant.elements(node.name(), value.dims());
        if (Constant.elements(node.name(), dims) != from) {
            throw node.invalid(Arrays.toString(value.dims()) + " can't have the shape " + Arrays.toString(dims));
        }
        if (value.isConstant()) {
            lowering.set(node, value.constant().withDims(dims));
            return;
        }
        final View free = value.view().reshape(dims);
        if (free != null && value.view().isPlain()) {
            become(node, value, free);
        } else {
            lowering.set(node, free != null ? free : lowering.reshape(node, value.view(), dims));
        }
    }

    private void reshape(final Node node) throws ModelException {
        final long[] from = lowering.value(node, 0).dims();
        final Constant shape = lowering.constant(node, 1);
        if (shape == null || shape.isFloat()) {
            throw node.invalid("its shape is no tensor of integers");
        }
        final long[] dims = shape.integers().clone();
        int open = -1;
        long rest = Constant.elements(node.name(), from);
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] == 0 && node.integer("allowzero", 0) == 0) {
                dims[i] = from[i];
            }
            if (dims[i] == -1 && open < 0) {
                open = i;
            } else if (dims[i] < 1 || rest % dims[i] != 0) {
                throw node.invalid(Arrays.toString(from) + " can't have the shape " + Arrays.toString(shape.integers()));
            } else {
                rest /= dims[i];
            }
        }
        if (open >= 0) {
            dims[open] = rest;
        }
        inShape(node, dims);
    }

    private void flatten(final Node node) throws ModelException {
        final long[] dims = lowering.value(node, 0).dims();
        final long axis = node.integer("axis", 1);
        final int split = (int) (axis < 0 ? axis + dims.length : axis);
        long rows = 1;
        for (int i = 0; i < split; i++) {
            rows *= dims[i];
        }
        inShape(node, rows, Constant.elements(node.name(), dims) / rows);
    }

    private void squeeze(final Node node) throws ModelException {
        final boolean isSqueeze = node.operator().equals("Squeeze");
        final long[] dims = lowering.value(node, 0).dims();
        final Constant given = lowering.constant(node, 1);
        final long[] axes = given != null ? given.integers() : node.integers("axes");
        final List<Long> result = new ArrayList<>();
        if (isSqueeze) {
            final boolean[] gone = new boolean[dims.length];
            if (axes != null) {
                for (final long axis : axes) {
                    gone[Folder.axis(node, axis, dims.length)] = true;
                }
            }
            for (int i = 0; i < dims.length; i++) {
                if (!(axes == null ? dims[i] == 1 : gone[i])) {
                    result.add(dims[i]);
                }
            }
        } else {
            final boolean[] added = new boolean[dims.length + axes.length];
            for (final long axis : axes) {
                added[Folder.axis(node, axis, added.length)] = true;
            }
            int next = 0;
            for (final boolean isNew : added) {
                result.add(isNew ? 1 : dims[next++]);
            }
        }
        inShape(node, result.stream().mapToLong(Long::longValue).toArray());
    }

    private void slice(final Node node) throws ModelException {
        final List<Constant> ranges = new ArrayList<>();
        ranges.add(null);
        for (int i = 1; i < node.inputCount(); i++) {
            ranges.add(lowering.constant(node, i));
        }
        View view = view(node);
        final SliceRange[] of = SliceRange.of(node, view.dims(), ranges);
        for (int axis = 0; axis < of.length; axis++) {
            view = view.slice(axis, of[axis].start(), of[axis].size(), of[axis].step());
        }
        lowering.set(node, view);
    }

    private void split(final Node node) throws ModelException {
        final View view = view(node);
        final int axis = Folder.axis(node, node.integer("axis", 0), view.rank());
        final Constant given = lowering.constant(node, 1);
        long[] sizes = given != null ? given.integers() : node.integers("split");
        if (sizes == null) {
            sizes = new long[node.outputCount()];
            Arrays.fill(sizes, view.dims()[axis] / sizes.length);
        }
        if (sizes.length != node.outputCount() || Arrays.stream(sizes).sum() != view.dims()[axis]
            || Arrays.stream(sizes).anyMatch(size -> size < 1)) {
            throw node.invalid("parts of " + Arrays.toString(sizes) + " of " + view.dims()[axis]);
        }
        long start = 0;
        for (int i = 0; i < sizes.length; i++) {
            lowering.set(node.output(i), view.slice(axis, start, sizes[i], 1));
            start += sizes[i];
        }
    }

    private void concat(final Node node) throws ModelException {
        final List<View> parts = new ArrayList<>();
        for (int i = 0; i < node.inputCount(); i++) {
            parts.add(lowering.floats(node, i));
        }
        final View first = parts.get(0);
        final int axis = Folder.axis(node, node.integer("axis", 0), first.rank());
        final long[] dims = first.dims().clone();
        dims[axis] = 0;
        for (final View part : parts) {
            for (int i = 0; i < dims.length; i++) {
                if (part.rank() != dims.length || i != axis && part.dims()[i] != dims[i]) {
                    throw node.invalid("shapes do not fit: " + Arrays.toString(first.dims()) + " and "
                        + Arrays.toString(part.dims()));
                }
            }
            dims[axis] += part.dims()[axis];
        }
        final Storage storage = lowering.storage(node, dims);
        final boolean isImage = dims.length == 4 && parts.stream().anyMatch(part -> part.isChannelsLast() && !part.isPlain());
        final View whole = isImage ? View.channelsLast(storage, dims) : View.plain(storage, dims);
        long start = 0;
        for (final View part : parts) {
            lowering.emit(node, new Op.Copy(), whole.slice(axis, start, part.dims()[axis], 1), part);
            start += part.dims()[axis];
        }
        lowering.set(node, whole);
    }

    private void depthToSpace(final Node node) throws ModelException {
        final View x = lowering.floats(node, 0);
        final long block = node.integer("blocksize", 0);
        if (x.rank() != 4 || block < 1 || x.dims()[1] % (block * block) != 0) {
            throw node.invalid("blocks of " + block + " in " + Arrays.toString(x.dims()));
        }
        final long[] d = x.dims();
        final long channels = d[1] / (block * block);
        final boolean isColumnFirst = node.text("mode", "DCR").equals("CRD");
        final View parts = isColumnFirst
            ? x.reshape(d[0], channels, block, block, d[2], d[3]).permute(0, 1, 4, 2, 5, 3)
            : x.reshape(d[0], block, block, channels, d[2], d[3]).permute(0, 3, 4, 1, 5, 2);
        final long[] dims = {d[0], channels, d[2] * block, d[3] * block};
        final View to = View.channelsLast(lowering.storage(node, dims), dims);
        lowering.emit(node, new Op.Copy(), to.reshape(parts.dims()), parts);
        lowering.set(node, to);
    }

    private void gather(final Node node) throws ModelException {
        final Value data = lowering.value(node, 0);
        final Value indexes = lowering.value(node, 1);
        final int axis = Folder.axis(node, node.integer("axis", 0), data.rank());
        if (indexes.isConstant()) {
            if (indexes.constant().isFloat() || !indexes.constant().isScalar()) {
                throw node.unsupported("it takes several parts of a tensor");
            }
            final long given = indexes.constant().integers()[0];
            final View view = view(node);
            final long index = given < 0 ? given + view.dims()[axis] : given;
            if (index < 0 || index >= view.dims()[axis]) {
                throw node.invalid("index " + given + " is outside of " + view.dims()[axis]);
            }
            final long[] dims = view.dims().clone();
            dims[axis] = 1;
            final View part = view.slice(axis, index, 1, 1);
            lowering.set(node, indexes.rank() > 0 ? part : withoutAxis(part, axis));
            return;
        }
        final boolean isInteger = indexes.view().type() == ElementType.INT64 || indexes.view().type() == ElementType.INT32;
        if (!data.isConstant() || data.rank() != 2 || axis != 0 || !isInteger || !indexes.view().isPlain()) {
            throw node.unsupported("it takes something else than rows of a constant table");
        }
        final long width = data.dims()[1];
        final long[] dims = Arrays.copyOf(indexes.dims(), indexes.rank() + 1);
        dims[indexes.rank()] = width;
        final View to = View.plain(lowering.storage(node, ElementType.FLOAT32, dims), dims);
        final long rows = to.elements() / width;
        lowering.emit(node, new Op.Gather(), to.reshape(rows, width), lowering.weight(data), indexes.view().reshape(rows));
        lowering.set(node, to);
    }

    private static View withoutAxis(final View view, final int axis) {
        final long[] dims = new long[view.rank() - 1];
        final long[] strides = new long[view.rank() - 1];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = view.dims()[i < axis ? i : i + 1];
            strides[i] = view.strides()[i < axis ? i : i + 1];
        }
        return new View(view.storage(), view.offset(), dims, strides);
    }

    private void cast(final Node node) throws ModelException {
        final View view = view(node);
        final long to = node.integer("to", 0);
        final boolean isFloat = view.type() == ElementType.FLOAT32 || view.type() == ElementType.BFLOAT16;
        final boolean isSame = isFloat && to == 1 || view.type() == ElementType.INT64 && to == 7
            || view.type() == ElementType.INT32 && to == 6;
        if (isSame) {
            alias(node);
        } else if (!isFloat && to == 1 && view.isPlain()) {
            final View as = View.plain(lowering.storage(node, ElementType.FLOAT32, view.dims()), view.dims());
            lowering.emit(node, new Op.Cast(), as, view);
            lowering.set(node, as);
        } else {
            throw node.unsupported("from " + view.type() + " to ONNX type " + to);
        }
    }

    private void resize(final Node node) throws ModelException {
        final View x = lowering.channelsLast(node, lowering.floats(node, 0));
        final long[] to = resized(node, x.dims());
        final boolean isWhole = to[0] == x.dims()[0] && to[1] == x.dims()[1] && to[2] % x.dims()[2] == 0
            && to[3] % x.dims()[3] == 0;
        final String how = node.text("coordinate_transformation_mode", "half_pixel");
        final String rounding = node.text("nearest_mode", "round_prefer_floor");
        final boolean isRepeat = how.equals("asymmetric") && rounding.equals("floor")
            || how.equals("half_pixel") && rounding.equals("round_prefer_floor") || node.operator().equals("Upsample");
        if (!node.text("mode", "nearest").equals("nearest") || !isWhole || !isRepeat) {
            throw node.unsupported("only whole factors with mode=nearest are repeated: mode=" + node.text("mode", "nearest")
                + " " + how + " " + rounding + " from " + Arrays.toString(x.dims()) + " to " + Arrays.toString(to));
        }
        final View y = View.channelsLast(lowering.storage(node, to), to);
        final long rows = to[2] / x.dims()[2];
        final long columns = to[3] / x.dims()[3];
        if (rows * columns > MAX_REPEATS) {
            throw node.unsupported("each pixel " + rows * columns + " times");
        }
        final View parts = y.reshape(to[0], to[1], x.dims()[2], rows, x.dims()[3], columns);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                final View part = parts.slice(3, row, 1, 1).slice(5, column, 1, 1).reshape(x.dims());
                lowering.emit(node, new Op.Copy(), part, x);
            }
        }
        lowering.set(node, y);
    }

    private long[] resized(final Node node, final long[] from) throws ModelException {
        if (from.length != 4) {
            throw node.unsupported("it has " + from.length + " dimensions");
        }
        final boolean hasRegion = node.operator().equals("Resize") && lowering.graph().opset() > 10;
        final Constant sizes = hasRegion ? lowering.constant(node, 3) : null;
        if (sizes != null && sizes.elements() == from.length) {
            return sizes.integers().clone();
        }
        final Constant scales = lowering.constant(node, hasRegion ? 2 : 1);
        if (scales == null || scales.elements() != from.length) {
            throw node.unsupported("neither scales nor sizes for four dimensions");
        }
        final long[] to = new long[from.length];
        Arrays.setAll(to, i -> (long) Math.floor(from[i] * scales.at(i)));
        return to;
    }
}
