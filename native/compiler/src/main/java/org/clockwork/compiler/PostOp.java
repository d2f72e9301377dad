package org.clockwork.compiler;

/** What is done with each element of a step's output before it is stored. */
public sealed interface PostOp {
    /** A function of it. */
    record Apply(Op.Unary unary) implements PostOp {
        @Override
        public String toString() {
            return unary.function() + "(" + unary.alpha() + "," + unary.beta() + ")";
        }
    }

    /** The element of another tensor of the same shape and layout is added; in place: that tensor is the output itself. */
    record Add(View other, boolean isInPlace) implements PostOp {
        @Override
        public String toString() {
            return "+" + (isInPlace ? "output" : other.toString());
        }
    }
}
