package org.clockwork.device;

import java.util.List;

/**
 * How the bytes of an image become the floats of a model's input, on the device: {@code (x * scale - mean) / deviation}.
 *
 * @param isChannelsLast whether the pixels lie one after the other (NHWC); else the channels (NCHW).
 * @param scale          multiplied first.
 * @param mean           subtracted then: one for each channel, or one for all.
 * @param deviation      divided by last: one for each channel, or one for all.
 */
public record InputTransform(boolean isChannelsLast, float scale, List<Float> mean, List<Float> deviation) {
    /** Copies the lists. */
    public InputTransform {
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
        if (mean.isEmpty() || deviation.isEmpty() || !isUsable(scale) || !mean.stream().allMatch(Float::isFinite)
            || !deviation.stream().allMatch(value -> isUsable(value))) {
            throw new IllegalArgumentException("scale and deviations are finite and not 0, means are finite: scale=" + scale
                + " mean=" + mean + " deviation=" + deviation);
        }
    }

    private static boolean isUsable(final float value) {
        return Float.isFinite(value) && value != 0;
    }

    /** Whether it has a mean and a deviation for each of so many channels. */
    public boolean suits(final long channels) {
        return (mean.size() == 1 || mean.size() == channels) && (deviation.size() == 1 || deviation.size() == channels);
    }

    /** What a byte of a channel is multiplied by. */
    public float factor(final int channel) {
        return (float) ((double) scale / of(deviation, channel));
    }

    /** What is added then. */
    public float shift(final int channel) {
        return (float) (-(double) of(mean, channel) / of(deviation, channel));
    }

    private static float of(final List<Float> numbers, final int channel) {
        return numbers.get(numbers.size() == 1 ? 0 : channel);
    }
}
