package org.clockwork.model.zoo;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/**
 * Branches of inception modules, written as text. A branch is a list of steps: {@code 64:3} is a convolution (with batch
 * normalisation and ReLU) of 64 channels and kernel 3, {@code 64:1x7} one of kernel 1x7, {@code 64:3/2v} one of step 2
 * without padding; {@code max3/2} and {@code max3} are pools of kernel 3 with and without a step, {@code max3/2c} one whose
 * last window may stick out, {@code avg3} is the mean; {@code {a|b}} are two steps beside each other.
 */
final class Branches {
    private static final Pattern CONV = Pattern.compile("(\\d+):(\\d+)(?:x(\\d+))?(?:/(\\d+))?(v?)");
    private static final Pattern POOL = Pattern.compile("(max|avg)(\\d+)(?:/(\\d+))?(c?)");
    private static final double EPSILON = 1e-3;

    private Branches() {
    }

    /** The branches beside each other on one value, their channels joined. */
    static Value joined(final Net net, final Value x, final String... branches) {
        final List<Value> values = new ArrayList<>();
        for (final String branch : branches) {
            values.add(branch(net, x, branch));
        }
        return net.concat(values);
    }

    /** One branch. */
    static Value branch(final Net net, final Value x, final String steps) {
        Value value = x;
        for (final String step : steps.split(" ")) {
            value = step.startsWith("{") ? joined(net, value, step.substring(1, step.length() - 1).split("\\|"))
                : step(net, value, step);
        }
        return value;
    }

    private static Value step(final Net net, final Value x, final String step) {
        final Matcher pool = POOL.matcher(step);
        if (pool.matches()) {
            final int kernel = Integer.parseInt(pool.group(2));
            final int stride = pool.group(3) == null ? 1 : Integer.parseInt(pool.group(3));
            final int pad = stride == 1 ? kernel / 2 : 0;
            return "max".equals(pool.group(1)) ? net.maxPool(x, kernel, stride, pad, !pool.group(4).isEmpty())
                : net.avgPool(x, kernel, stride, pad);
        }
        final Matcher conv = CONV.matcher(step);
        if (!conv.matches()) {
            throw new IllegalArgumentException("no step of a branch: " + step);
        }
        final int kernelH = Integer.parseInt(conv.group(2));
        final int kernelW = conv.group(3) == null ? kernelH : Integer.parseInt(conv.group(3));
        final int stride = conv.group(4) == null ? 1 : Integer.parseInt(conv.group(4));
        final Conv padded = Conv.of(Integer.parseInt(conv.group(1)), kernelH, kernelW).stride(stride);
        return net.relu(net.batchNorm(net.conv(x, conv.group(5).isEmpty() ? padded : padded.pad(0)), EPSILON));
    }
}
