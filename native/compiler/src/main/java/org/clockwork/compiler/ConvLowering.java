package org.clockwork.compiler;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.function.Supplier;
import org.clockwork.device.ModelException;

/** Operators on images: convolutions, poolings, and normalisations of channels. For one thread. */
final class ConvLowering {
    private final Lowering lowering;

    ConvLowering(final Lowering lowering) {
        this.lowering = lowering;
    }

    boolean lower(final Node node) throws ModelException {
        switch (node.operator()) {
            case "Conv", "ConvTranspose" -> convolution(node);
            case "BatchNormalization" -> batchNormalization(node);
            case "MaxPool", "AveragePool" -> pool(node);
            case "GlobalAveragePool", "GlobalMaxPool" -> globalPool(node);
            default -> {
                return false;
            }
        }
        return true;
    }

    /** A signal is an image of one row. */
    private View image(final Node node) throws ModelException {
        final View x = lowering.floats(node, 0);
        final long[] d = x.dims();
        if (d.length != 3 && d.length != 4) {
            throw node.unsupported("its input has the shape " + Arrays.toString(d));
        }
        return lowering.channelsLast(node, d.length == 4 ? x : lowering.reshape(node, x, d[0], d[1], 1, d[2]));
    }

    private static long[] size(final View image, final int rank) {
        return rank == 1 ? new long[] {image.dims()[3]} : new long[] {image.dims()[2], image.dims()[3]};
    }

    /** What the step makes, in the rank of the model. */
    private void finish(final Node node, final View y, final int rank, final Step step) throws ModelException {
        final View out = rank == 2 ? y : lowering.reshape(node, y, y.dims()[0], y.dims()[1], y.dims()[3]);
        if (step == null) {
            lowering.set(node, out);
        } else {
            lowering.set(node, out, step);
        }
    }

    private void convolution(final Node node) throws ModelException {
        final boolean isTransposed = node.operator().equals("ConvTranspose");
        final View x = image(node);
        final Constant filters = lowering.constant(node, 1);
        final long[] w = filters.dims();
        final long groups = node.integer("group", 1);
        final int rank = lowering.value(node, 0).rank() - 2;
        final int inAxis = isTransposed ? 0 : 1;
        if (w.length != rank + 2 || groups < 1 || w[inAxis] * (isTransposed ? 1 : groups) != x.dims()[1]
            || w[0] % groups != 0 || !filters.isFloat()) {
            throw node.invalid("filters of " + Arrays.toString(w) + " in " + groups + " groups do not fit "
                + Arrays.toString(x.dims()));
        }
        final Window window = Window.of(node, Arrays.copyOfRange(w, 2, w.length), size(x, rank));
        final long[] dims = {x.dims()[0], isTransposed ? w[1] * groups : w[0], 0, 0};
        final long[] padEnd = window.padEnd().clone();
        for (int i = 0; i < 2; i++) {
            dims[2 + i] = isTransposed ? transposedSize(node, window, i, rank, x.dims()[2 + i])
                : window.out(node, i, x.dims()[2 + i], false);
            if (isTransposed) {
                padEnd[i] = (x.dims()[2 + i] - 1) * window.strides()[i] + window.dilations()[i] * (window.kernel()[i] - 1) + 1
                    - window.padBegin()[i] - dims[2 + i];
            }
        }
        final View y = View.channelsLast(lowering.storage(node, dims), dims);
        final long[] filterDims = {w[0], w[1], window.kernel()[0], window.kernel()[1]};
        final View weight = lowering.weight(node.input(1), filterDims, () -> filters.floats().duplicate());
        final Op op = new Op.Conv(window.strides(), window.padBegin(), padEnd, window.dilations(), (int) groups, isTransposed);
        final Step step = lowering.emit(node, op, y, x, weight);
        if (lowering.has(node, 2)) {
            final Constant bias = lowering.constant(node, 2);
            if (bias.elements() != dims[1]) {
                throw node.invalid("a bias of " + bias.elements() + " for " + dims[1] + " channels");
            }
            step.addInput(lowering.weight(Value.of(node.input(2), bias)));
        }
        finish(node, y, rank, step);
    }

    private static long transposedSize(final Node node, final Window window, final int axis, final int rank, final long size)
            throws ModelException {
        final long[] more = node.integers("output_padding");
        if (node.has("output_shape") || !node.text("auto_pad", "NOTSET").equals("NOTSET")) {
            throw node.unsupported("its output's shape is given");
        }
        final int given = axis - (2 - rank);
        final long out = (size - 1) * window.strides()[axis] + window.dilations()[axis] * (window.kernel()[axis] - 1) + 1
            - window.padBegin()[axis] - window.padEnd()[axis] + (more == null || given < 0 ? 0 : more[given]);
        if (out < 1) {
            throw node.invalid("nothing is left of an image of " + size);
        }
        return out;
    }

    private void batchNormalization(final Node node) throws ModelException {
        final float[][] numbers = new float[4][];
        final View x = lowering.floats(node, 0);
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = lowering.constant(node, i + 1).toFloats();
            if (x.rank() < 2 || numbers[i].length != x.dims()[1]) {
                throw node.invalid(numbers[i].length + " statistics for " + Arrays.toString(x.dims()));
            }
        }
        final int channels = numbers[0].length;
        final float[] scale = new float[channels];
        final float[] shift = new float[channels];
        final double epsilon = node.real("epsilon", 1e-5f);
        for (int c = 0; c < channels; c++) {
            final double factor = numbers[0][c] / StrictMath.sqrt(numbers[3][c] + epsilon);
            scale[c] = (float) factor;
            shift[c] = (float) (numbers[1][c] - numbers[2][c] * factor);
        }
        final Step maker = lowering.value(node, 0).step();
        if (maker != null && maker.op() instanceof Op.Conv conv && !conv.isTransposed() && maker.postOps().isEmpty()) {
            fold(node, maker, scale, shift);
            lowering.set(node, x, maker);
            return;
        }
        final long[] dims = {channels};
        final View from = x.rank() == 4 ? lowering.channelsLast(node, x) : lowering.plain(node, x);
        final View y = new View(lowering.storage(node, x.dims()), 0, x.dims(), from.strides());
        lowering.set(node, y, lowering.emit(node, new Op.Affine(), y, from,
            lowering.weight(node.output(0) + ".scale", dims, () -> FloatBuffer.wrap(scale)),
            lowering.weight(node.output(0) + ".shift", dims, () -> FloatBuffer.wrap(shift))));
    }

    /** The convolution's filters and bias take the normalisation in. */
    private void fold(final Node node, final Step conv, final float[] scale, final float[] shift) throws ModelException {
        final View filters = conv.inputs().get(1);
        final Supplier<FloatBuffer> plain = lowering.numbers(filters);
        final int each = Math.toIntExact(filters.elements() / scale.length);
        final String name = node.output(0);
        conv.replaceInput(1, lowering.weight(name + ".filters", filters.dims(), () -> {
            final FloatBuffer from = plain.get();
            final float[] scaled = new float[from.remaining()];
            for (int i = 0; i < scaled.length; i++) {
                scaled[i] = from.get(i) * scale[i / each];
            }
            return FloatBuffer.wrap(scaled);
        }));
        final Supplier<FloatBuffer> bias = conv.inputs().size() > 2 ? lowering.numbers(conv.inputs().get(2)) : null;
        final View shifted = lowering.weight(name + ".bias", new long[] {scale.length}, () -> {
            final float[] sums = shift.clone();
            for (int c = 0; bias != null && c < sums.length; c++) {
                sums[c] += bias.get().get(c) * scale[c];
            }
            return FloatBuffer.wrap(sums);
        });
        if (bias == null) {
            conv.addInput(shifted);
        } else {
            conv.replaceInput(2, shifted);
        }
    }

    private void pool(final Node node) throws ModelException {
        final View x = image(node);
        final long[] kernel = node.integers("kernel_shape");
        if (kernel == null || kernel.length != lowering.value(node, 0).rank() - 2) {
            throw node.invalid("its kernel does not fit " + Arrays.toString(x.dims()));
        }
        if (node.outputCount() > 1 && !node.output(1).isEmpty()) {
            throw node.unsupported("its second output");
        }
        final Window window = Window.of(node, kernel, size(x, kernel.length));
        if (Arrays.stream(window.dilations()).anyMatch(d -> d != 1)) {
            throw node.unsupported("dilations");
        }
        final boolean isCeil = node.integer("ceil_mode", 0) != 0;
        final boolean isMax = node.operator().equals("MaxPool");
        final boolean isCounted = !isMax && node.integer("count_include_pad", 0) != 0;
        final long[] dims = x.dims().clone();
        final long[] padEnd = new long[2];
        for (int i = 0; i < 2; i++) {
            dims[2 + i] = window.out(node, i, x.dims()[2 + i], isCeil);
            padEnd[i] = window.padEndFor(i, x.dims()[2 + i], dims[2 + i]);
            if (isCounted && padEnd[i] != window.padEnd()[i]) {
                throw node.unsupported("windows that stick out while padding is counted");
            }
            if (padEnd[i] >= window.kernel()[i] || window.padBegin()[i] >= window.kernel()[i]) {
                throw node.unsupported("padding that is not smaller than the kernel");
            }
        }
        final Op.Pool op = new Op.Pool(isMax ? Op.Many.MAX : Op.Many.MEAN, isCounted, window.kernel(), window.strides(),
            window.padBegin(), padEnd);
        final Step maker = lowering.value(node, 0).step();
        if (!isMax && kernel.length == 2 && maker != null && isSoonerBetter(maker, op)) {
            poolSooner(node, maker, op, dims);
        } else {
            final View y = View.channelsLast(lowering.storage(node, dims), dims);
            finish(node, y, kernel.length, lowering.emit(node, op, y, x));
        }
    }

    /** Whether means of what the step makes from each pixel alone are what it makes of means, which are fewer. */
    private static boolean isSoonerBetter(final Step maker, final Op.Pool pool) {
        return maker.op() instanceof Op.Conv conv && !conv.isTransposed() && maker.postOps().isEmpty()
            && isAll(maker.inputs().get(1).dims(), 2, 1) && isAll(conv.strides(), 0, 1) && isAll(conv.padBegin(), 0, 0)
            && isAll(conv.padEnd(), 0, 0) && isAll(pool.padBegin(), 0, 0) && isAll(pool.padEnd(), 0, 0)
            && pool.strides()[0] * pool.strides()[1] > 1;
    }

    private static boolean isAll(final long[] numbers, final int from, final long wanted) {
        return Arrays.stream(numbers).skip(from).allMatch(number -> number == wanted);
    }

    /** The pool moves before the convolution in front of it, which then has fewer pixels to work on. */
    private void poolSooner(final Node node, final Step conv, final Op.Pool op, final long[] dims) throws ModelException {
        final View x = conv.inputs().get(0);
        final long[] pooledDims = {dims[0], x.dims()[1], dims[2], dims[3]};
        final View pooled = View.channelsLast(lowering.storage(node, pooledDims), pooledDims);
        lowering.emit(node, op, pooled, x);
        conv.replaceInput(0, pooled);
        final View y = View.channelsLast(lowering.storage(node, dims), dims);
        conv.writeTo(y);
        lowering.moveToEnd(conv);
        lowering.set(node, y, conv);
    }

    private void globalPool(final Node node) throws ModelException {
        final View x = image(node);
        final View y = whole(node, x, node.operator().equals("GlobalMaxPool") ? Op.Many.MAX : Op.Many.MEAN);
        finish(node, y, lowering.value(node, 0).rank() - 2, null);
    }

    private View whole(final Node node, final View x, final Op.Many what) throws ModelException {
        return whole(lowering, node, x, what);
    }

    /** One number for each channel of each image. */
    static View whole(final Lowering lowering, final Node node, final View x, final Op.Many what) throws ModelException {
        final long[] dims = {x.dims()[0], x.dims()[1], 1, 1};
        final View y = View.channelsLast(lowering.storage(node, dims), dims);
        lowering.emit(node, new Op.Pool(what, false, new long[] {x.dims()[2], x.dims()[3]}, new long[] {1, 1}, new long[2],
            new long[2]), y, x);
        return y;
    }
}
