package org.clockwork.cli.load;

import java.util.List;
import org.clockwork.client.ClientCore;
import org.clockwork.client.InferResult;
import org.clockwork.client.RequestSpec;
import org.clockwork.client.ResponseHandler;
import org.clockwork.loadgen.LoadDriver;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.loadgen.RequestSink;
import org.clockwork.schema.Ids;
import org.clockwork.schema.codec.ResponseFlagsEncoder;

/**
 * Sends the requests of a {@link LoadDriver} through a {@link ClientCore} and hands their ends back. Owned by the client's
 * thread; allocates nothing per request.
 */
final class CoreSink implements RequestSink, ResponseHandler {
    private final ClientCore core;
    private final StreamPlan[] plans;
    private final Phases phases;
    private final RequestSpec spec = new RequestSpec();
    private final int[] inputOf;
    private final int[] streamOf;
    private LoadDriver driver;
    private long nowNs;

    /**
     * A sink.
     *
     * @param plans    per stream.
     * @param inFlight of the driver.
     * @param phases   counts answers; null for none.
     */
    CoreSink(final ClientCore core, final List<StreamPlan> plans, final int inFlight, final Phases phases) {
        this.core = core;
        this.plans = plans.toArray(new StreamPlan[0]);
        this.phases = phases;
        inputOf = new int[inFlight];
        streamOf = new int[inFlight];
    }

    void driver(final LoadDriver loadDriver) {
        driver = loadDriver;
    }

    /** The time of this cycle, at which ends that arrive in it are counted. */
    void now(final long timeNs) {
        nowNs = timeNs;
    }

    @Override
    public boolean offer(
        final LoadStream stream, final int modelIndex, final long sequence, final long tag,
        final long intendedNs, final long timeNs) {
        final StreamPlan plan = plans[stream.index()];
        final int slot = Ids.index(tag);
        spec.reset()
            .model(plan.models().get(modelIndex))
            .sloNs(stream.sloNs())
            .intendedSendNs(intendedNs)
            .omitOutput(plan.omitOutput())
            .token(tag);
        if (null == plan.inputs()) {
            spec.generatedInput(plan.seed() + sequence);
            inputOf[slot] = 0;
        } else {
            final int input = (int) (sequence % plan.inputs().count());
            spec.input(plan.inputs().memory(), plan.inputs().offset(input), plan.inputs().inputBytes());
            inputOf[slot] = input;
        }
        streamOf[slot] = stream.index();
        return core.infer(spec, timeNs) > 0;
    }

    @Override
    public void onResponse(final InferResult result) {
        final int slot = Ids.index(result.token());
        if (result.isOk()) {
            final AnswerSink answers = plans[streamOf[slot]].answers();
            if (null != answers) {
                answers.onAnswer(inputOf[slot], result);
            }
            if (null != phases && driver.isRecorded(result.token())) {
                phases.onAnswer(result);
            }
        }
        driver.onEnd(result.token(), result.status().value(), flags(result), nowNs);
    }

    private static int flags(final InferResult result) {
        byte flags = ResponseFlagsEncoder.cold((byte) 0, result.isCold());
        flags = ResponseFlagsEncoder.generatedInput(flags, result.isInputGenerated());
        return ResponseFlagsEncoder.emulated(flags, result.isEmulated()) & 0xFF;
    }
}
