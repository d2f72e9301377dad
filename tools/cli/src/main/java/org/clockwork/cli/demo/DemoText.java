package org.clockwork.cli.demo;

import java.util.Locale;
import java.util.stream.Collectors;
import org.clockwork.client.ModelInfo;
import org.clockwork.schema.Protocol;

/** Sentences of the demonstration. */
final class DemoText {
    private static final double MS = 1e6;
    private static final double MB = 1e6;

    private DemoText() {
    }

    /** A model that has become ready. */
    static String ready(final ModelInfo model) {
        final String profile = model.profile().stream()
            .map(point -> String.format(Locale.ROOT, "%d: %.2f ms", point.batchSize(), point.executeNs() / MS))
            .collect(Collectors.joining(", "));
        return String.format(Locale.ROOT, "         ready: %.1f MB in %d pages, load %s, by batch size %s",
            model.weightsBytes() / MB, model.pages(),
            Protocol.NULL_NS == model.loadNs() ? "not measured" : String.format(Locale.ROOT, "%.1f ms", model.loadNs() / MS),
            profile);
    }
}
