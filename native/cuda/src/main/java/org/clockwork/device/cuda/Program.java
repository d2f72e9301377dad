package org.clockwork.device.cuda;

import java.util.Map;
import java.util.TreeMap;

/** A plan for one batch size as calls for one GPU. Made by the compiling thread, then used by the execution engine's. */
final class Program implements AutoCloseable {
    private final int batchSize;
    private final Call[] calls;
    private final boolean canFail;
    private final AlgorithmChoices choices;
    private final ProgramGraphs graphs = new ProgramGraphs();

    /** Takes the calls over. */
    Program(final int batchSize, final Call[] calls, final boolean canFail, final AlgorithmChoices choices) {
        this.batchSize = batchSize;
        this.calls = calls;
        this.canFail = canFail;
        this.choices = choices;
    }

    int batchSize() {
        return batchSize;
    }

    Call[] calls() {
        return calls;
    }

    /** Whether a kernel may set the error word. */
    boolean canFail() {
        return canFail;
    }

    /** Of its convolutions. */
    AlgorithmChoices choices() {
        return choices;
    }

    /** Where its launches were captured. */
    ProgramGraphs graphs() {
        return graphs;
    }

    /** What computes it, for people. */
    String text() {
        final Map<String, Integer> counts = new TreeMap<>();
        for (final Call call : calls) {
            counts.merge(call.description(), 1, Integer::sum);
        }
        return "batch=" + batchSize + ' ' + counts;
    }

    @Override
    public void close() {
        graphs.clear();
        for (final Call call : calls) {
            call.close();
        }
        choices.save();
    }
}
