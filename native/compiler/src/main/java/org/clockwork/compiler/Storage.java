package org.clockwork.compiler;

import org.clockwork.device.ElementType;

/** A piece of memory that steps read and write: where it is, and when it is in use. Written by the compiler only. */
public final class Storage {
    /** Where it is. */
    public enum Kind {
        /** A tensor of the request, written before the first step. */
        INPUT,
        /** A tensor of the answer, read after the last step. */
        OUTPUT,
        /** Between the steps of one execution. */
        WORKSPACE,
        /** Constant, part of the weights. */
        WEIGHTS
    }

    private static final int ALIGNMENT = 64;

    private final ElementType type;
    private final long elements;
    private Kind kind;
    private int index;
    private long offset;
    private int firstStep = Integer.MAX_VALUE;
    private int lastStep = -1;

    Storage(final Kind kind, final int index, final ElementType type, final long elements) {
        this.kind = kind;
        this.index = index;
        this.type = type;
        this.elements = elements;
    }

    /** Where it is. */
    public Kind kind() {
        return kind;
    }

    /** Which input, output or weight it is. */
    public int index() {
        return index;
    }

    /** Type of its elements. */
    public ElementType type() {
        return type;
    }

    /** Elements in it. */
    public long elements() {
        return elements;
    }

    /** Bytes that it takes, a multiple of 64. */
    public long bytes() {
        return (elements * type.bytes() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** For {@link Kind#WORKSPACE}: its first byte there. */
    public long offset() {
        return offset;
    }

    int firstStep() {
        return firstStep;
    }

    int lastStep() {
        return lastStep;
    }

    void becomeOutput(final int outputIndex) {
        kind = Kind.OUTPUT;
        index = outputIndex;
    }

    void number(final int weightIndex) {
        index = weightIndex;
    }

    void placeAt(final long newOffset) {
        offset = newOffset;
    }

    void forgetUse() {
        firstStep = Integer.MAX_VALUE;
        lastStep = -1;
    }

    void useAt(final int step) {
        firstStep = Math.min(firstStep, step);
        lastStep = Math.max(lastStep, step);
    }

    @Override
    public String toString() {
        return switch (kind) {
            case INPUT -> "in" + index;
            case OUTPUT -> "out" + index;
            case WORKSPACE -> "ws@" + offset;
            case WEIGHTS -> "w" + index;
        };
    }
}
