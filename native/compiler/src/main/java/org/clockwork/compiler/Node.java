package org.clockwork.compiler;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;

/** A node of the model's graph as the compiler asks it. Immutable. */
final class Node {
    private static final int LONGEST_NAME = 100;
    private final NodeProto proto;
    private final String name;

    Node(final NodeProto proto, final int position) {
        this.proto = proto;
        final String given = proto.getName().isEmpty() ? "#" + position : proto.getName();
        name = given.length() > LONGEST_NAME ? given.substring(0, LONGEST_NAME) : given;
    }

    /** Operator; those of other domains with the domain in front. */
    String operator() {
        return proto.getDomain().isEmpty() || proto.getDomain().equals("ai.onnx")
            ? proto.getOpType() : proto.getDomain() + '.' + proto.getOpType();
    }

    String name() {
        return name;
    }

    int inputCount() {
        return proto.getInputCount();
    }

    /** Name of an input, or empty if it is left out. */
    String input(final int index) {
        return index < proto.getInputCount() ? proto.getInput(index) : "";
    }

    int outputCount() {
        return proto.getOutputCount();
    }

    String output(final int index) {
        return proto.getOutput(index);
    }

    boolean has(final String attribute) {
        return attribute(attribute) != null;
    }

    long integer(final String attribute, final long otherwise) {
        final AttributeProto found = attribute(attribute);
        return found == null ? otherwise : found.getI();
    }

    float real(final String attribute, final float otherwise) {
        final AttributeProto found = attribute(attribute);
        return found == null ? otherwise : found.getF();
    }

    String text(final String attribute, final String otherwise) {
        final AttributeProto found = attribute(attribute);
        return found == null ? otherwise : found.getS().toStringUtf8();
    }

    /** Integers, or null if there is no such attribute. */
    long[] integers(final String attribute) {
        final AttributeProto found = attribute(attribute);
        return found == null ? null : found.getIntsList().stream().mapToLong(Long::longValue).toArray();
    }

    /** A tensor, or null. */
    TensorProto tensor(final String attribute) {
        final AttributeProto found = attribute(attribute);
        return found == null || !found.hasT() ? null : found.getT();
    }

    private AttributeProto attribute(final String attribute) {
        for (final AttributeProto candidate : proto.getAttributeList()) {
            if (candidate.getName().equals(attribute)) {
                return candidate;
            }
        }
        return null;
    }

    /** No plan has such a step. */
    ModelException unsupported(final String what) {
        return new ModelException(Reason.UNSUPPORTED_OPERATOR, toString() + ": " + what);
    }

    /** The model contradicts itself. */
    ModelException invalid(final String what) {
        return new ModelException(Reason.INVALID_FILE, toString() + ": " + what);
    }

    /** A limit is exceeded. */
    ModelException tooLarge(final String what) {
        return new ModelException(Reason.TOO_LARGE, toString() + ": " + what);
    }

    @Override
    public String toString() {
        return "node '" + name + "' (" + operator() + ")";
    }
}
