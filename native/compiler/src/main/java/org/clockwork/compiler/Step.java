package org.clockwork.compiler;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** One step of a plan. Written by the compiler only. */
public final class Step {
    private final Op op;
    private final String node;
    private final List<View> inputs;
    private final List<PostOp> postOps = new ArrayList<>();
    private View output;

    Step(final Op op, final String node, final List<View> inputs, final View output) {
        this.op = op;
        this.node = node;
        this.inputs = new ArrayList<>(inputs);
        this.output = output;
    }

    /** What it computes. */
    public Op op() {
        return op;
    }

    /** The node of the model that it comes from. */
    public String node() {
        return node;
    }

    /** What it reads, beside the tensors of {@link #postOps()}. */
    public List<View> inputs() {
        return Collections.unmodifiableList(inputs);
    }

    /** What it writes. */
    public View output() {
        return output;
    }

    /** What is done with each element before it is stored, in this order. */
    public List<PostOp> postOps() {
        return Collections.unmodifiableList(postOps);
    }

    void addPostOp(final PostOp postOp) {
        postOps.add(postOp);
    }

    void replacePostOp(final int index, final PostOp postOp) {
        postOps.set(index, postOp);
    }

    void replaceInput(final int index, final View view) {
        inputs.set(index, view);
    }

    void addInput(final View view) {
        inputs.add(view);
    }

    void writeTo(final View newOutput) {
        output = newOutput;
    }

    /** All storages that it reads. */
    List<Storage> reads() {
        final List<Storage> reads = new ArrayList<>();
        inputs.forEach(input -> reads.add(input.storage()));
        for (final PostOp postOp : postOps) {
            if (postOp instanceof PostOp.Add add) {
                reads.add(add.other().storage());
            }
        }
        return reads;
    }

    /** Multiplications and additions of floats, of convolutions and products of matrices; else 0. */
    public long flops() {
        if (op instanceof Op.Conv conv) {
            final long[] filter = inputs.get(1).dims();
            final long taps = filter[2] * filter[3] * filter[1];
            return 2 * taps * (conv.isTransposed() ? inputs.get(0).elements() : output.elements());
        }
        if (op instanceof Op.MatMul) {
            final long[] left = inputs.get(0).dims();
            return 2 * left[left.length - 1] * output.elements();
        }
        return 0;
    }

    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder(op.title()).append(' ');
        final String details = op.toString();
        text.append(details.startsWith(op.title()) ? details.substring(op.title().length()) : details);
        text.append(' ').append(Arrays.toString(inputs.toArray())).append(" -> ").append(output);
        postOps.forEach(postOp -> text.append(' ').append(postOp));
        return text.append("  # ").append(node).toString();
    }
}
