package org.clockwork.cli.demo;

import java.util.List;
import org.agrona.DirectBuffer;
import org.clockwork.cli.load.AnswerSink;
import org.clockwork.cli.load.PreparedInputs;
import org.clockwork.client.InferResult;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.ProfilePoint;

/** A model of the demonstration once it is registered: its entries, its inputs and the sample of its answers. */
final class DemoRow implements AnswerSink {
    private static final double NS_PER_S = 1e9;
    private static final int ENOUGH_ANSWERS = 10;

    private final DemoModel model;
    private final List<ModelInfo> infos;
    private final PreparedInputs inputs;
    private final AnswerSamples samples;
    /** Written by the client's thread, read when the warm-up is over. */
    private volatile long answers;
    private long engineNs;

    DemoRow(final DemoModel model, final List<ModelInfo> infos, final int inputCount, final long seed) {
        this.model = model;
        this.infos = List.copyOf(infos);
        this.inputs = model.inputs(infos.get(0), inputCount, seed);
        this.samples = new AnswerSamples(inputCount, Math.toIntExact(infos.get(0).outputBytes()));
    }

    @Override
    public void onAnswer(final int input, final InferResult result) {
        engineNs += result.executeNs() / Math.max(1, result.batchSize());
        answers++;
        if (samples.isWanted(input)) {
            int position = 0;
            for (int i = 0; i < result.outputCount(); i++) {
                final DirectBuffer output = result.output(i);
                samples.put(input, position, output, 0, output.capacity());
                position += output.capacity();
            }
        }
    }

    DemoModel model() {
        return model;
    }

    List<ModelInfo> infos() {
        return infos;
    }

    PreparedInputs inputs() {
        return inputs;
    }

    AnswerSamples samples() {
        return samples;
    }

    /** Measured execution of one request alone; a larger batch that was quicker shows that this measurement was disturbed. */
    long executeNs() {
        return infos.get(0).profile().stream().mapToLong(ProfilePoint::executeNs).min().orElse(1);
    }

    /**
     * Time that a request took of the execution engine on average so far; while there are too few answers to tell, the
     * measured execution of one request alone, which is conservative.
     */
    long engineNsPerRequest() {
        final long count = answers;
        return count < ENOUGH_ANSWERS ? executeNs() : Math.max(1, engineNs / count);
    }

    /** Least execution time a request that any measured batch size gives. */
    double bestNsPerRequest() {
        double best = executeNs();
        for (final ProfilePoint point : infos.get(0).profile()) {
            best = Math.min(best, (double) point.executeNs() / point.batchSize());
        }
        return best;
    }

    /** Requests per second by which it takes its share of the execution engine. */
    double defaultRatePerS() {
        return model.share() * NS_PER_S / engineNsPerRequest();
    }
}
