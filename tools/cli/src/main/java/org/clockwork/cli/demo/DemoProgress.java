package org.clockwork.cli.demo;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.RegistrationHandler;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;

/** Prints how a registration goes on. Called by the client's thread. */
final class DemoProgress implements RegistrationHandler {
    private static final long SHOWN_BYTES = 5_000_000;

    private final PrintStream out;
    private final String name;
    private final long startNs;
    private ModelState last;
    private boolean isSent;

    DemoProgress(final PrintStream out, final String name, final long startNs) {
        this.out = out;
        this.name = name;
        this.startNs = startNs;
    }

    @Override
    public void onProgress(final long sentBytes, final long totalBytes) {
        if (!isSent && sentBytes >= totalBytes && totalBytes >= SHOWN_BYTES) {
            isSent = true;
            print(String.format(Locale.ROOT, "%.1f MB sent to the controller", totalBytes / 1e6));
        }
    }

    @Override
    public void onModel(final ModelInfo model) {
        if (model.state() != last) {
            last = model.state();
            switch (last) {
                case INSTALLING -> print("the worker receives and compiles it");
                case PROFILING -> print("measuring it by batch size");
                default -> {
                    // Its beginning and its end are printed by the one who waits.
                }
            }
        }
    }

    @Override
    public void onEnd(final Status status, final String detail, final List<ModelInfo> models) {
        last = null;
    }

    private void print(final String what) {
        out.printf(Locale.ROOT, "%5.1f s    %s: %s%n", (System.nanoTime() - startNs) / 1e9, name, what);
    }
}
