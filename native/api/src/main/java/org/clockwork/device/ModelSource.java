package org.clockwork.device;

import java.nio.file.Path;
import java.util.Map;

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
    /** Without options. */
    public ModelSource(
        final String key, final Path file, final String profileName, final Map<String, Integer> dimensions, final int maxBatch) {
        this(key, file, profileName, dimensions, maxBatch, ModelOptions.NONE);
    }
}
