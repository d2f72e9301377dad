package org.clockwork.compiler;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;
import org.clockwork.device.ElementType;

/**
 * Everything that an execution of one batch size will do. Immutable once made; any thread may read it.
 *
 * @param batchSize      requests in a batch.
 * @param precision      of what is between the steps: FLOAT32 or BFLOAT16.
 * @param steps          in the order of execution.
 * @param inputs         one whole tensor for each input of the model, in its order.
 * @param outputs        the same for the outputs.
 * @param weights        all constants; the same for all batch sizes of a model.
 * @param workspaceBytes memory between the steps.
 */
public record Plan(int batchSize, ElementType precision, List<Step> steps, List<View> inputs, List<View> outputs,
    List<Weight> weights, long workspaceBytes) {
    /** Changes whenever the same file gives other steps than before. */
    public static final int VERSION = 2;

    /** Multiplications and additions of one execution. */
    public long flops() {
        return steps.stream().mapToLong(Step::flops).sum();
    }

    /** Bytes of all weights as floats. */
    public long weightsBytes() {
        return weights.stream().mapToLong(weight -> weight.elements() * Float.BYTES).sum();
    }

    /** A number that differs between different plans: over version, steps, places and shapes, not over the weights. */
    public long checksum() {
        final CRC32C crc = new CRC32C();
        final StringBuilder text = new StringBuilder().append(VERSION).append(' ').append(precision).append('\n');
        steps.forEach(step -> text.append(step).append('\n'));
        weights.forEach(weight -> text.append(weight.name()).append(java.util.Arrays.toString(weight.dims())).append('\n'));
        crc.update(text.toString().getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }

    /** The plan for people: a head, and a line for each step. */
    public String text() {
        final StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "plan version=%d checksum=%08x batch=%d precision=%s steps=%d weights=%d "
                + "weightsBytes=%d workspaceBytes=%d gflops=%.3f%n", VERSION, checksum(), batchSize, precision, steps.size(),
            weights.size(), weightsBytes(), workspaceBytes, flops() / 1e9));
        for (int i = 0; i < steps.size(); i++) {
            final Step step = steps.get(i);
            text.append(String.format(Locale.ROOT, "%4d %s", i, step));
            if (step.flops() > 0) {
                text.append(String.format(Locale.ROOT, " mflops=%.1f", step.flops() / 1e6));
            }
            text.append('\n');
        }
        return text.toString();
    }
}
