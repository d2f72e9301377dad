package org.clockwork.device;

import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What to compile.
 *
 * @param key         digest of file, dimensions and options in hex: names compiled forms kept on disk.
 * @param file        the ONNX file, in the worker's own store; null when a profile stands for the model.
 * @param profileName row of the emulated devices' table; null when there is a file.
 * @param dimensions  fixed values of symbolic dimensions: symbol, or {@code input:axis}.
 * @param maxBatch    largest batch to prepare for, at least 1.
 * @param options     precision and input transform.
 */
public record ModelSource(
    String key, Path file, String profileName, Map<String, Integer> dimensions, int maxBatch, ModelOptions options) {
    private static final Pattern KEY = Pattern.compile("[0-9A-Za-z._-]{1,200}");

    /** Without options. */
    public ModelSource(
        final String key, final Path file, final String profileName, final Map<String, Integer> dimensions, final int maxBatch) {
        this(key, file, profileName, dimensions, maxBatch, ModelOptions.NONE);
    }

    /** For a backend that runs files: refuses a source without one, or with a key that can't name a compiled form on disk. */
    public void requireFile(final String device) throws ModelException {
        if (file == null) {
            throw profileName == null
                ? new ModelException(ModelException.Reason.INVALID_FILE, "There is no model file.")
                : new ModelException(ModelException.Reason.UNKNOWN_PROFILE, "The " + device + " device takes no profiles: "
                    + profileName);
        }
        if (!KEY.matcher(key).matches()) {
            throw new ModelException(ModelException.Reason.COMPILE_FAILED, "Not a key: " + key);
        }
    }
}
