package org.clockwork.cli.demo;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Keeps the first answer to each prepared input of a model, to be checked after the load. Its memory is there from the
 * start, so that keeping an answer allocates nothing. Written by the client's thread; read when the load is over.
 */
final class AnswerSamples {
    private final MutableDirectBuffer memory;
    private final int answerBytes;
    private final boolean[] isTaken;
    private volatile int count;

    /** Room for an answer of so many bytes to each of so many inputs. */
    AnswerSamples(final int inputs, final int answerBytes) {
        this.answerBytes = answerBytes;
        memory = new UnsafeBuffer(new byte[Math.multiplyExact(inputs, answerBytes)]);
        isTaken = new boolean[inputs];
    }

    /** Whether an answer to this input is still wanted. */
    boolean isWanted(final int input) {
        return !isTaken[input];
    }

    /** The first part of an answer is at position 0; the answer counts once its last part was put. */
    void put(final int input, final int position, final DirectBuffer source, final int offset, final int length) {
        if (position + length <= answerBytes) {
            memory.putBytes(input * answerBytes + position, source, offset, length);
        }
        if (position + length == answerBytes) {
            isTaken[input] = true;
            count++;
        }
    }

    /** Answers kept. */
    int count() {
        return count;
    }

    int inputs() {
        return isTaken.length;
    }

    boolean isTaken(final int input) {
        return isTaken[input];
    }

    DirectBuffer memory() {
        return memory;
    }

    int offset(final int input) {
        return input * answerBytes;
    }

    int answerBytes() {
        return answerBytes;
    }
}
