package org.clockwork.cli;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.clockwork.client.Durations;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.ProfilePoint;
import org.clockwork.client.TensorInfo;
import org.clockwork.loadgen.Table;
import org.clockwork.schema.Protocol;

/** Models as people read them. */
final class ModelText {
    private static final double MB = 1e6;
    private static final double MS = 1e6;
    private static final int SHORT_HASH = 12;

    private ModelText() {
    }

    /** A table with a row per model. */
    static String list(final List<ModelInfo> models) {
        final Table table = new Table(
            "model", "state", "weights MB", "pages", "loaded on", "load ms", "batch 1 ms", "max batch", "default SLO", "engine",
            "source");
        for (final ModelInfo model : models) {
            table.row(
                model.name(), model.state().name().toLowerCase(Locale.ROOT), number(model.weightsBytes() / MB),
                Integer.toString(model.pages()), Integer.toString(model.loadedOn()), ms(model.loadNs()),
                model.profile().isEmpty() ? "-" : ms(model.profile().get(0).executeNs()), Integer.toString(model.maxBatch()),
                Protocol.NULL_NS == model.defaultSloNs() ? "none" : Durations.format(model.defaultSloNs()),
                engine(model), source(model));
        }
        return table.toString();
    }

    /** All that is known of one model. */
    static String details(final ModelInfo model) {
        final StringBuilder text = new StringBuilder();
        line(text, "name", model.name());
        line(text, "state", model.state().name() + (model.detail().isEmpty() ? "" : ": " + model.detail()));
        line(text, "source", source(model));
        line(text, "SHA-256", model.sha256());
        line(text, "engine", model.engine().isEmpty() ? "not known yet" : model.engine());
        line(text, "weights", number(model.weightsBytes() / MB) + " MB in " + model.pages() + " pages");
        line(text, "loaded on", model.loadedOn() + " devices");
        line(text, "load", ms(model.loadNs()) + " ms");
        line(text, "default SLO",
            Protocol.NULL_NS == model.defaultSloNs() ? "none" : Durations.format(model.defaultSloNs()));
        model.inputs().forEach(tensor -> line(text, "input", tensor(tensor)));
        model.outputs().forEach(tensor -> line(text, "output", tensor(tensor)));
        line(text, "profile", model.profile().isEmpty() ? "none yet" : profile(model));
        return text.substring(0, text.length() - System.lineSeparator().length());
    }

    /** Expected execution by batch size in a line. */
    static String profile(final ModelInfo model) {
        return model.profile().stream()
            .map(point -> "batch " + point.batchSize() + ": " + ms(point.executeNs()) + " ms")
            .collect(Collectors.joining(", "));
    }

    /** Expected execution of one request alone; 0 if it is not known. */
    static long batchOneNs(final ModelInfo model) {
        for (final ProfilePoint point : model.profile()) {
            if (1 == point.batchSize()) {
                return point.executeNs();
            }
        }
        return 0;
    }

    /** The first word of what executes it. */
    private static String engine(final ModelInfo model) {
        final String first = model.engine().split("[ :]", 2)[0];
        return first.isEmpty() ? "-" : first;
    }

    static String ms(final long ns) {
        return Protocol.NULL_NS == ns ? "-" : String.format(Locale.ROOT, ns < 10 * MS ? "%.2f" : "%.1f", ns / MS);
    }

    private static String source(final ModelInfo model) {
        final String hash = model.sha256();
        final boolean isFile = !hash.isEmpty() && !hash.chars().allMatch(c -> '0' == c);
        final String file = isFile ? "file " + hash.substring(0, Math.min(SHORT_HASH, hash.length())) : "profile";
        return model.source().isEmpty() ? file : file + ' ' + model.source();
    }

    private static String tensor(final TensorInfo tensor) {
        return tensor.name() + ' ' + tensor.type() + ' ' + tensor.shape() + ", " + tensor.bytes() + " bytes";
    }

    private static String number(final double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static void line(final StringBuilder text, final String label, final String value) {
        text.append(String.format(Locale.ROOT, "%-12s %s%n", label, value));
    }
}
