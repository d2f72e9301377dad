package org.clockwork.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How a model's image of floats is made, on the device, from the bytes that clients send: {@code (x * scale - mean) / deviation}
 * for each channel. A quarter of the bytes travel.
 *
 * @param isChannelsLast whether the pixels lie one after the other (NHWC), as most decoders give them; else the channels.
 * @param scale          by which a byte of 0 to 255 is multiplied first.
 * @param mean           subtracted then: one for each channel, or one for all.
 * @param deviation      divided by last: one for each channel, or one for all.
 */
public record InputTransform(boolean isChannelsLast, float scale, List<Float> mean, List<Float> deviation) {
    private static final int MAX_CHANNELS = 64;
    private static final String CHANNELS_LAST = "nhwc";
    private static final String CHANNELS_FIRST = "nchw";
    private static final String FORMS = "imagenet, unit, signed or raw, each with :nchw if channels come one after the other; "
        + "or LAYOUT:SCALE:MEANS:DEVIATIONS, such as nhwc:0.00392157:0.485,0.456,0.406:0.229,0.224,0.225";

    /** Checks the numbers. */
    public InputTransform {
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
        if (mean.isEmpty() || mean.size() > MAX_CHANNELS || deviation.isEmpty() || deviation.size() > MAX_CHANNELS
            || mean.size() > 1 && deviation.size() > 1 && mean.size() != deviation.size()) {
            throw new IllegalArgumentException("means and deviations are one for all channels or one for each: mean=" + mean
                + " deviation=" + deviation);
        }
        if (!isUsable(scale) || !mean.stream().allMatch(Float::isFinite) || !deviation.stream().allMatch(v -> isUsable(v))) {
            throw new IllegalArgumentException("scale and deviations are finite and not 0, means are finite: scale=" + scale
                + " mean=" + mean + " deviation=" + deviation);
        }
    }

    private static boolean isUsable(final float value) {
        return Float.isFinite(value) && value != 0;
    }

    /** What networks trained on ImageNet with torchvision or GluonCV want; colours in the order red, green, blue. */
    public static InputTransform imagenet() {
        return new InputTransform(true, 1 / 255f, List.of(0.485f, 0.456f, 0.406f), List.of(0.229f, 0.224f, 0.225f));
    }

    /** To 0 .. 1. */
    public static InputTransform unit() {
        return new InputTransform(true, 1 / 255f, List.of(0f), List.of(1f));
    }

    /** To -1 .. 1. */
    public static InputTransform signed() {
        return new InputTransform(true, 1 / 127.5f, List.of(1f), List.of(1f));
    }

    /** 0 .. 255 as floats. */
    public static InputTransform raw() {
        return new InputTransform(true, 1, List.of(0f), List.of(1f));
    }

    /** The same numbers for images whose channels come one after the other (NCHW). */
    public InputTransform channelsFirst() {
        return new InputTransform(false, scale, mean, deviation);
    }

    /**
     * Reads what people write: a short form or all numbers.
     *
     * @throws IllegalArgumentException naming the forms there are.
     */
    public static InputTransform parse(final String text) {
        final String[] parts = text.toLowerCase(Locale.ROOT).split(":", -1);
        final InputTransform named = switch (parts[0]) {
            case "imagenet" -> imagenet();
            case "unit" -> unit();
            case "signed" -> signed();
            case "raw" -> raw();
            default -> null;
        };
        if (named != null && parts.length == 1) {
            return named;
        }
        if (named != null && parts.length == 2 && isLayout(parts[1])) {
            return parts[1].equals(CHANNELS_LAST) ? named : named.channelsFirst();
        }
        if (named == null && parts.length == 4 && isLayout(parts[0])) {
            try {
                return new InputTransform(
                    parts[0].equals(CHANNELS_LAST), Float.parseFloat(parts[1]), numbers(parts[2]), numbers(parts[3]));
            } catch (final NumberFormatException ex) {
                throw new IllegalArgumentException("input transform '" + text + "': " + ex.getMessage() + "; it is " + FORMS, ex);
            }
        }
        throw new IllegalArgumentException("no input transform '" + text + "'; it is " + FORMS);
    }

    private static boolean isLayout(final String text) {
        return text.equals(CHANNELS_LAST) || text.equals(CHANNELS_FIRST);
    }

    private static List<Float> numbers(final String text) {
        final List<Float> numbers = new ArrayList<>();
        for (final String number : text.split(",", -1)) {
            numbers.add(Float.parseFloat(number));
        }
        return numbers;
    }

    private static String text(final List<Float> numbers) {
        return String.join(",", numbers.stream().map(number -> Float.toString(number)).toList());
    }

    /** All numbers, as in the registration; {@link #parse} reads them back. */
    @Override
    public String toString() {
        return (isChannelsLast ? CHANNELS_LAST : CHANNELS_FIRST) + ':' + scale + ':' + text(mean) + ':' + text(deviation);
    }
}
