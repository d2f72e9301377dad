package org.clockwork.compiler;

import java.util.List;
import org.clockwork.compiler.Op.Unary;

/** Lets steps write over what they are the last to read. Stateless. */
final class InPlace {
    private InPlace() {
    }

    static void apply(final List<Step> steps) {
        WorkspacePlanner.noteUses(steps);
        for (int i = 0; i < steps.size(); i++) {
            final Step step = steps.get(i);
            for (int k = 0; k < step.postOps().size(); k++) {
                if (step.postOps().get(k) instanceof PostOp.Add add && canReplace(step, add.other(), i, true)) {
                    step.replacePostOp(k, new PostOp.Add(add.other(), true));
                    replace(steps, step.output().storage(), add.other().storage());
                    break;
                }
            }
            final boolean isElementwise = step.op() instanceof Unary || step.op() instanceof Op.Affine;
            if (isElementwise && canReplace(step, step.inputs().get(0), i, false)) {
                replace(steps, step.output().storage(), step.inputs().get(0).storage());
            }
        }
    }

    private static boolean canReplace(final Step step, final View old, final int position, final boolean isPostOp) {
        final View output = step.output();
        final boolean areOurs = old.storage().kind() == Storage.Kind.WORKSPACE
            && output.storage().kind() == Storage.Kind.WORKSPACE
            && old.storage() != output.storage() && old.storage().type() == output.storage().type();
        final boolean areWhole = coversAll(old) && coversAll(output) && old.sameDims(output) && old.sameStrides(output.strides());
        final long reads = step.reads().stream().filter(storage -> storage == old.storage()).count();
        return areOurs && areWhole && reads == 1 && old.storage().lastStep() == position
            && output.storage().firstStep() == position
            && (isPostOp || step.postOps().stream().noneMatch(PostOp.Add.class::isInstance));
    }

    private static boolean coversAll(final View view) {
        return view.isDense() && view.elements() == view.storage().elements();
    }

    private static void replace(final List<Step> steps, final Storage old, final Storage by) {
        replaceAll(steps, old, by);
        WorkspacePlanner.noteUses(steps);
    }

    private static void replaceAll(final List<Step> steps, final Storage old, final Storage by) {
        for (final Step step : steps) {
            for (int i = 0; i < step.inputs().size(); i++) {
                step.replaceInput(i, replaced(step.inputs().get(i), old, by));
            }
            step.writeTo(replaced(step.output(), old, by));
            for (int i = 0; i < step.postOps().size(); i++) {
                if (step.postOps().get(i) instanceof PostOp.Add add) {
                    step.replacePostOp(i, new PostOp.Add(replaced(add.other(), old, by), add.isInPlace()));
                }
            }
        }
    }

    private static View replaced(final View view, final Storage old, final Storage by) {
        return view.storage() == old ? new View(by, view.offset(), view.dims(), view.strides()) : view;
    }
}
