package org.clockwork.cli.run;

import io.aeron.exceptions.AeronException;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.Map;
import org.agrona.ErrorHandler;

/** Prints each distinct error once, and how often it came when closed. Any thread may call it. */
public final class ErrorPrinter implements ErrorHandler, AutoCloseable {
    private static final int MAX_DISTINCT = 100;

    private final PrintStream out;
    private final String role;
    private final boolean isDebug;
    private final Map<String, Integer> counts = new HashMap<>();

    /** Prints to {@code out}, each line begun with the role. */
    public ErrorPrinter(final PrintStream out, final String role, final boolean isDebug) {
        this.out = out;
        this.role = role;
        this.isDebug = isDebug;
    }

    @Override
    public synchronized void onError(final Throwable error) {
        final String text = sentence(error);
        final boolean hasRoom = counts.size() < MAX_DISTINCT || counts.containsKey(text);
        final int count = counts.merge(hasRoom ? text : "other", 1, Integer::sum);
        if (1 == count) {
            out.println(role + " error: " + text);
            if (isDebug) {
                error.printStackTrace(out);
            }
        }
    }

    /** What went wrong, without names of classes where the message says it. */
    static String sentence(final Throwable error) {
        final String message = error.getMessage();
        if (error instanceof AeronException && null != message) {
            return "Aeron: " + message.replaceAll("(io\\.aeron\\.\\S+ : )|((ERROR|WARN|FATAL) - )|( \\(at [^)]*\\)\\))", "");
        }
        return null == message ? error.getClass().getSimpleName() : error.getClass().getSimpleName() + ": " + message;
    }

    /** Errors so far. */
    public synchronized int count() {
        return counts.values().stream().mapToInt(Integer::intValue).sum();
    }

    @Override
    public synchronized void close() {
        counts.entrySet().stream().filter(entry -> entry.getValue() > 1).sorted(Map.Entry.comparingByKey())
            .forEach(entry -> out.println(role + " error repeated " + entry.getValue() + " times: " + entry.getKey()));
    }
}
