package org.clockwork.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.RegistrationHandler;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;

/** Prints a line each time a registration comes further. Called by the client's thread. */
final class RegistrationPrinter implements RegistrationHandler {
    private static final int TENTHS = 10;
    private static final long MIN_SHOWN_BYTES = 10_000_000;

    private final String name;
    private final PrintStream out;
    private ModelState lastState;
    private long lastTenth;

    RegistrationPrinter(final String name, final PrintStream out) {
        this.name = name;
        this.out = out;
    }

    @Override
    public void onProgress(final long sentBytes, final long totalBytes) {
        final long tenth = 0 == totalBytes ? 0 : sentBytes * TENTHS / totalBytes;
        if (tenth > lastTenth && totalBytes >= MIN_SHOWN_BYTES && (tenth % 5 == 0)) {
            out.printf(Locale.ROOT, "  %s: %.1f of %.1f MB sent%n", name, sentBytes / 1e6, totalBytes / 1e6);
        }
        lastTenth = tenth;
    }

    @Override
    public void onModel(final ModelInfo model) {
        if (model.state() != lastState && ModelState.READY != model.state()) {
            lastState = model.state();
            out.printf(Locale.ROOT, "  %s: %s%n", model.name(), sentence(model));
        }
    }

    @Override
    public void onEnd(final Status status, final String detail, final List<ModelInfo> models) {
        // The one who waits for the end prints it.
        lastState = null;
    }

    private static String sentence(final ModelInfo model) {
        return switch (model.state()) {
            case TRANSFERRING -> "its file is on the way to the controller";
            case INSTALLING -> "workers receive and compile it";
            case PROFILING -> "being measured";
            case FAILED -> "failed: " + model.status() + (model.detail().isEmpty() ? "" : ", " + model.detail());
            default -> model.state().name().toLowerCase(Locale.ROOT);
        };
    }
}
