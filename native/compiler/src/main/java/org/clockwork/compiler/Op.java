package org.clockwork.compiler;

import java.util.Arrays;

/** What a step computes; its tensors are with the step. */
public sealed interface Op {
    /** Functions of one number. */
    enum Function {
        /** x, or alpha x below zero. */
        RELU,
        /** x held between alpha and beta. */
        CLIP,
        /** 1 / (1 + exp(-x)). */
        SIGMOID,
        /** tanh x. */
        TANH,
        /** x times the normal distribution up to x, by the error function. */
        GELU,
        /** The same by its approximation with tanh. */
        GELU_TANH,
        /** alpha x + beta held between 0 and 1. */
        HARD_SIGMOID,
        /** x times that. */
        HARD_SWISH,
        /** x / (1 + exp(-alpha x)). */
        SWISH,
        /** alpha x + beta. */
        LINEAR,
        /** alpha times x to the power of beta. */
        POWER,
        /** e to the power of x. */
        EXP,
        /** Natural logarithm. */
        LOG,
        /** Square root. */
        SQRT,
        /** Absolute value. */
        ABS,
        /** x, or alpha (exp(x) - 1) below zero. */
        ELU,
        /** log(1 + exp(x)). */
        SOFT_PLUS
    }

    /** Functions of two numbers. */
    enum Pair {
        /** a + b. */
        ADD,
        /** a - b. */
        SUB,
        /** a b. */
        MUL,
        /** a / b. */
        DIV,
        /** The larger. */
        MAX,
        /** The smaller. */
        MIN
    }

    /** What becomes of many numbers. */
    enum Many {
        /** Their sum. */
        SUM,
        /** Their mean. */
        MEAN,
        /** The largest. */
        MAX,
        /** The smallest. */
        MIN
    }

    /**
     * Convolution of images: inputs x, filters and, if there is one, bias. Filters are out x in x rows x columns, for
     * a transposed one in x out x rows x columns, with the groups as parts of the first.
     */
    record Conv(long[] strides, long[] padBegin, long[] padEnd, long[] dilations, int groups, boolean isTransposed)
        implements Op {
        @Override
        public String toString() {
            return (isTransposed ? "transposed " : "") + "strides=" + Arrays.toString(strides) + " pads="
                + Arrays.toString(padBegin) + Arrays.toString(padEnd) + (groups > 1 ? " groups=" + groups : "")
                + (Arrays.stream(dilations).allMatch(d -> d == 1) ? "" : " dilations=" + Arrays.toString(dilations));
        }
    }

    /** Largest or mean of each window of an image; a mean may count the zeros of the padding. */
    record Pool(Many what, boolean isPaddingCounted, long[] kernel, long[] strides, long[] padBegin, long[] padEnd)
        implements Op {
        @Override
        public String toString() {
            return what + " kernel=" + Arrays.toString(kernel) + " strides=" + Arrays.toString(strides) + " pads="
                + Arrays.toString(padBegin) + Arrays.toString(padEnd) + (isPaddingCounted ? " counted" : "");
        }
    }

    /** Product of matrices: inputs a, b and, if there is one, a bias for each column. */
    record MatMul() implements Op {
    }

    /** A function of each element. */
    record Unary(Function function, float alpha, float beta) implements Op {
    }

    /** A function of two elements; a dimension of size 1 of the second is repeated. */
    record Binary(Pair function) implements Op {
    }

    /** Exponentials that sum up to 1 along an axis. */
    record Softmax(int axis) implements Op {
    }

    /** The last dimension brought to mean 0 and variance 1, then scaled and shifted: inputs x, scale, shift. */
    record LayerNorm(float epsilon) implements Op {
    }

    /** Each channel (dimension 1) scaled and shifted: inputs x, scale, shift. */
    record Affine() implements Op {
    }

    /**
     * The bytes of an image as floats, each channel (dimension 1) scaled and shifted: inputs x, scale, shift. The strides
     * of x say whether its pixels or its channels lie one after the other.
     */
    record Pixels() implements Op {
    }

    /** One number for many: dimensions of size 1 in the output. */
    record Reduce(Many what) implements Op {
    }

    /** The same elements in another place, layout or precision. */
    record Copy() implements Op {
    }

    /** Rows of a table: inputs table and row numbers; a negative number counts from the end. */
    record Gather() implements Op {
    }

    /** Integers as floats. */
    record Cast() implements Op {
    }

    /** Name for people. */
    default String title() {
        return getClass().getSimpleName();
    }
}
