package org.clockwork.device;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.device.ModelException.Reason;

/**
 * How a model is to be run, as its registration says.
 *
 * @param precision FLOAT32 or BFLOAT16; null for what the device prefers.
 * @param transform makes its one image input of bytes; null if it comes as in the file.
 */
public record ModelOptions(ElementType precision, InputTransform transform) {
    /** Nothing is said. */
    public static final ModelOptions NONE = new ModelOptions(null, null);

    private static final String PRECISION = "precision=";
    private static final String INPUT = "input=";
    private static final int MAX_CHANNELS = 64;

    /** Options without another transform of the input. */
    public static ModelOptions of(final ElementType precision) {
        return new ModelOptions(precision, null);
    }

    /**
     * Reads them as the protocol writes them: see {@code options} of REGISTER-MODEL.
     *
     * @throws ModelException naming the word that is not understood.
     */
    public static ModelOptions parse(final String text) throws ModelException {
        ElementType precision = null;
        InputTransform transform = null;
        for (final String word : text.isEmpty() ? new String[0] : text.split(" ", -1)) {
            if (word.startsWith(PRECISION) && precision == null) {
                precision = precision(word);
            } else if (word.startsWith(INPUT) && transform == null) {
                transform = transform(word);
            } else {
                throw unknown(word, null);
            }
        }
        return new ModelOptions(precision, transform);
    }

    private static ElementType precision(final String word) throws ModelException {
        return switch (word.substring(PRECISION.length())) {
            case "fp32" -> ElementType.FLOAT32;
            case "bf16" -> ElementType.BFLOAT16;
            default -> throw unknown(word, null);
        };
    }

    private static InputTransform transform(final String word) throws ModelException {
        final String[] parts = word.substring(INPUT.length()).split(":", -1);
        if (parts.length != 4 || !parts[0].equals("nhwc") && !parts[0].equals("nchw")) {
            throw unknown(word, null);
        }
        try {
            return new InputTransform(parts[0].equals("nhwc"), Float.parseFloat(parts[1]), numbers(parts[2]), numbers(parts[3]));
        } catch (final IllegalArgumentException e) {
            throw unknown(word, e);
        }
    }

    private static List<Float> numbers(final String text) {
        final List<Float> numbers = new ArrayList<>();
        for (final String number : text.split(",", -1)) {
            numbers.add(Float.parseFloat(number));
        }
        if (numbers.size() > MAX_CHANNELS) {
            throw new IllegalArgumentException("more than " + MAX_CHANNELS + " channels");
        }
        return numbers;
    }

    private static ModelException unknown(final String word, final Exception cause) {
        return new ModelException(Reason.COMPILE_FAILED, "The option '" + word + "' of the registration is not understood"
            + (cause == null ? "." : ": " + cause.getMessage()), cause);
    }
}
