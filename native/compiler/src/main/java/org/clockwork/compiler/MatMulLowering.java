package org.clockwork.compiler;

import java.util.Arrays;
import org.clockwork.device.ModelException;

/** Products of matrices. For one thread. */
final class MatMulLowering {
    private static final int MAX_RANK = 5;
    private final Lowering lowering;

    MatMulLowering(final Lowering lowering) {
        this.lowering = lowering;
    }

    boolean lower(final Node node) throws ModelException {
        switch (node.operator()) {
            case "MatMul" -> matMul(node);
            case "Gemm" -> gemm(node);
            default -> {
                return false;
            }
        }
        return true;
    }

    private void matMul(final Node node) throws ModelException {
        final View a = lowering.floats(node, 0);
        final View b = lowering.floats(node, 1);
        if (a.rank() < 2 || b.rank() < 2 || a.rank() > MAX_RANK || a.dims()[a.rank() - 1] != b.dims()[b.rank() - 2]) {
            throw node.unsupported("shapes " + Arrays.toString(a.dims()) + " and " + Arrays.toString(b.dims()));
        }
        final long[] dims = a.dims().clone();
        dims[dims.length - 1] = b.dims()[b.rank() - 1];
        if (b.rank() == 2) {
            final long width = a.dims()[a.rank() - 1];
            final View rows = lowering.reshape(node, a, a.elements() / width, width);
            final Step step = multiply(node, rows, b);
            lowering.set(node, step.output().reshape(dims), step);
            return;
        }
        if (a.rank() != b.rank() || !Arrays.equals(Arrays.copyOf(a.dims(), a.rank() - 2),
            Arrays.copyOf(b.dims(), b.rank() - 2))) {
            throw node.unsupported("matrices that are repeated: " + Arrays.toString(a.dims()) + " and "
                + Arrays.toString(b.dims()));
        }
        final Step step = multiply(node, a, b);
        lowering.set(node, step.output(), step);
    }

    private void gemm(final Node node) throws ModelException {
        View a = lowering.floats(node, 0);
        View b = lowering.floats(node, 1);
        if (a.rank() != 2 || b.rank() != 2) {
            throw node.invalid("its inputs are no matrices");
        }
        a = node.integer("transA", 0) == 0 ? a : a.permute(1, 0);
        b = node.integer("transB", 0) == 0 ? b : b.permute(1, 0);
        if (a.dims()[1] != b.dims()[0]) {
            throw node.invalid("shapes " + Arrays.toString(a.dims()) + " and " + Arrays.toString(b.dims()));
        }
        final boolean hasBias = lowering.has(node, 2);
        if (node.real("alpha", 1) != 1 || hasBias && node.real("beta", 1) != 1) {
            throw node.unsupported("alpha or beta is not 1");
        }
        final Step step = multiply(node, a, b);
        if (hasBias) {
            final Constant bias = lowering.constant(node, 2);
            if (!bias.isFloat() || bias.elements() != b.dims()[1] || bias.rank() > 0
                && bias.dims()[bias.rank() - 1] != b.dims()[1]) {
                throw node.unsupported("a bias of the shape " + Arrays.toString(bias.dims()));
            }
            step.addInput(lowering.weight(node.input(2), new long[] {bias.elements()}, () -> bias.floats().duplicate()));
        }
        lowering.set(node, step.output(), step);
    }

    private Step multiply(final Node node, final View a, final View b) throws ModelException {
        final long[] dims = a.dims().clone();
        dims[dims.length - 1] = b.dims()[b.rank() - 1];
        final View y = View.plain(lowering.storage(node, dims), dims);
        return lowering.emit(node, new Op.MatMul(), y, matrix(node, a), matrix(node, b));
    }

    /** Rows or columns are contiguous. */
    private View matrix(final Node node, final View view) throws ModelException {
        final int last = view.rank() - 1;
        final boolean isByRows = view.strides()[last] == 1 || view.dims()[last] == 1;
        final boolean isByColumns = view.strides()[last - 1] == 1 || view.dims()[last - 1] == 1;
        return isByRows || isByColumns ? view : lowering.plain(node, view);
    }
}
