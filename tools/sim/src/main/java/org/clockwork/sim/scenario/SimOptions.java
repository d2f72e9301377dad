package org.clockwork.sim.scenario;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.clockwork.controller.schedule.SchedulerParts;
import org.clockwork.device.emulated.EmulatedContext;

/**
 * What a simulated system consists of: plain fields with the defaults of all scenarios, filled in before a run and not
 * changed after. Owned by the thread that runs the simulation.
 */
public final class SimOptions {
    private static final double US = 1e3;
    private static final double MS = 1e6;
    private static final double GB = 1e9;

    /** Name of the controller's scheduling policy. */
    public String policy = "slack";
    /** How far ahead of its start work is sent to a device; {@link SchedulerParts#AUTO_NS} for the policy's own. */
    public long lookAheadNs = SchedulerParts.AUTO_NS;
    /** Of all randomness; each purpose has a stream of its own. */
    public long seed = 1;
    /** Devices, over all workers. */
    public int gpus = 1;
    /** Devices of each worker; the last may have fewer. */
    public int gpusPerWorker = 2;
    /** What each message travels at least. */
    public long hopNs = 50_000;
    /** Mean of what it travels beyond that, exponentially distributed and cut off at 7.6 times the mean. */
    public long hopJitterNs = 5_000;
    /** Share of messages that are lost and repeated; those behind them wait. */
    public double loss;
    /** What a repetition takes. */
    public long lossNs = 1_000_000;
    /** Rate of copies in each direction; LOADs and inputs share one, inputs first. */
    public long pcieBytesPerSecond = EmulatedContext.PCIE_BYTES_PER_SECOND_DEFAULT;
    /** Weights memory of each device. */
    public long memoryBytes = EmulatedContext.MEMORY_DEFAULT;
    /** Standard deviation of executions and LOADs, as a fraction. */
    public double jitter = EmulatedContext.JITTER_DEFAULT;
    /** Probability of an execution that takes {@link #outlierFactor} times as long. */
    public double outlierProbability = EmulatedContext.OUTLIER_PROBABILITY_DEFAULT;
    /** Length of an outlier. */
    public double outlierFactor = EmulatedContext.OUTLIER_FACTOR_DEFAULT;
    /** What the controller's cycle takes for each message that comes in. */
    public long messageCostNs = 300;
    /** What the controller's cycle takes for each message that goes out: an action or a response. */
    public long actionCostNs = 500;
    /** Clocks of workers differ from the controller's by up to this, either way. */
    public long clockOffsetNs = 10_000_000_000L;
    /** Clocks of workers gain up to this many nanoseconds a second, either way. */
    public int clockDriftPpb = 20_000;

    /** Longest pause of workers and clients between attempts to reach a controller that is gone; 0 for their own. */
    public long reconnectNs;
    /** Where all runs tell what their checkers found. */
    public CheckLog checkLog = new CheckLog();

    /** The same options, to be changed. */
    public SimOptions copy() {
        final SimOptions copy = new SimOptions();
        copy.policy = policy;
        copy.lookAheadNs = lookAheadNs;
        copy.seed = seed;
        copy.gpus = gpus;
        copy.gpusPerWorker = gpusPerWorker;
        copy.hopNs = hopNs;
        copy.hopJitterNs = hopJitterNs;
        copy.loss = loss;
        copy.lossNs = lossNs;
        copy.pcieBytesPerSecond = pcieBytesPerSecond;
        copy.memoryBytes = memoryBytes;
        copy.jitter = jitter;
        copy.outlierProbability = outlierProbability;
        copy.outlierFactor = outlierFactor;
        copy.messageCostNs = messageCostNs;
        copy.actionCostNs = actionCostNs;
        copy.clockOffsetNs = clockOffsetNs;
        copy.clockDriftPpb = clockDriftPpb;
        copy.reconnectNs = reconnectNs;
        copy.checkLog = checkLog;
        return copy;
    }

    /** Everything but policy, look-ahead, seed and devices, for people, in a fixed order. */
    public Map<String, String> describe() {
        final Map<String, String> text = new LinkedHashMap<>();
        text.put("hop", format("%.1f us + exponential of mean %.1f us", hopNs / US, hopJitterNs / US));
        text.put("link loss", loss > 0 ? format("%s of messages, repeated after %.2f ms", loss, lossNs / MS) : "none");
        text.put("PCIe", format("%.1f GB/s each way, LOADs and inputs share one, inputs first", pcieBytesPerSecond / GB));
        text.put("weights memory", memoryBytes + " bytes a GPU in pages of 16 MiB");
        text.put("execution jitter", format("sigma %s; 1 in %.0f executions takes %s times as long", jitter,
            outlierProbability > 0 ? 1 / outlierProbability : Double.POSITIVE_INFINITY, outlierFactor));
        text.put("controller's cycle", format("%d ns a message in, %d ns a message out", messageCostNs, actionCostNs));
        text.put("workers' clocks", format("offsets within %.1f s, drift within %.1f ppm", clockOffsetNs / 1e9,
            clockDriftPpb / 1e3));
        text.put("GPUs a worker", Integer.toString(gpusPerWorker));
        text.put("inputs", "generated by the workers; their copies take the time of real ones");
        text.put("clients", "one process stands for all of them");
        return text;
    }

    /** Checks what can be wrong; the message of the exception is a sentence. */
    public void check() {
        check(gpus >= 1 && gpus <= 4096, "--gpus is 1 to 4096");
        check(gpusPerWorker >= 1 && gpusPerWorker <= 64, "--gpus-per-worker is 1 to 64");
        check(hopNs >= 0 && hopJitterNs >= 0 && lossNs >= 0, "a hop takes no negative time");
        check(loss >= 0 && loss < 1, "--loss is 0 to below 1");
        check(pcieBytesPerSecond > 0, "--pcie-gbps is positive");
        check(jitter >= 0 && jitter < 1, "--jitter is 0 to below 1");
        check(outlierProbability >= 0 && outlierProbability <= 1 && outlierFactor >= 1,
            "--outliers are a probability and a factor of at least 1");
        check(messageCostNs >= 0 && actionCostNs >= 0, "--controller-cost is not negative");
        check(clockOffsetNs >= 0, "--clock-offset is not negative");
        check(clockDriftPpb >= 0 && clockDriftPpb <= 200_000, "--clock-drift is 0 to 200 ppm");
    }

    private static void check(final boolean holds, final String sentence) {
        if (!holds) {
            throw new IllegalArgumentException(sentence);
        }
    }

    private static String format(final String form, final Object... values) {
        return String.format(Locale.ROOT, form, values);
    }
}
