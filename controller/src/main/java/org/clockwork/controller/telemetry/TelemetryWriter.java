package org.clockwork.controller.telemetry;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.EpochClock;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.Status;

/**
 * Writes down what a {@link Telemetry} records: an HdrHistogram interval log with one line a phase and interval (values in
 * nanoseconds, shown in milliseconds by the usual tools), and the logs of requests and actions as comma-separated text.
 * Owned by the thread that runs it, which is not the controller's; it may block on the disk.
 */
public final class TelemetryWriter implements Agent {
    private static final double NS_PER_MS = 1_000_000.0;
    private static final double MS_PER_S = 1000.0;
    private static final int DRAIN_LIMIT = 1024;
    private static final Phase[] PHASES = Phase.values();

    private final Telemetry telemetry;
    private final EpochClock clock;
    private final long intervalMs;
    private final PrintStream histogramFile;
    private final HistogramLogWriter histogramLog;
    private final Writer requestLog;
    private final Writer actionLog;
    private final Histogram[] recycled = new Histogram[PHASES.length];
    private final StringBuilder line = new StringBuilder(256);
    private final long baseMs;
    private long intervalStartMs;
    private boolean isClosed;

    /**
     * @param histogramPath of the interval log, or null for none.
     * @param requestPath   of the request log, or null for none; the telemetry must record it.
     * @param actionPath    of the action log, or null for none; the telemetry must record it.
     * @param intervalMs    of the interval log.
     */
    public TelemetryWriter(
        final Telemetry telemetry,
        final EpochClock clock,
        final Path histogramPath,
        final Path requestPath,
        final Path actionPath,
        final long intervalMs) throws IOException {
        if (requestPath != null && telemetry.requests() == null || actionPath != null && telemetry.actions() == null) {
            throw new IllegalArgumentException("not recorded: requestPath=" + requestPath + " actionPath=" + actionPath);
        }
        telemetry.attachWriter();
        this.telemetry = telemetry;
        this.clock = clock;
        this.intervalMs = intervalMs;
        baseMs = clock.time();
        intervalStartMs = baseMs;
        histogramFile = histogramPath == null ? null
            : new PrintStream(Files.newOutputStream(histogramPath), false, StandardCharsets.UTF_8);
        histogramLog = histogramFile == null ? null : new HistogramLogWriter(histogramFile);
        requestLog = open(requestPath, RequestField.HEADING);
        actionLog = open(actionPath, ActionField.HEADING);
        if (histogramLog != null) {
            histogramLog.outputComment("[controller: phases of answered requests, values in ns]");
            histogramLog.outputLogFormatVersion();
            histogramLog.outputStartTime(intervalStartMs);
            histogramLog.setBaseTime(intervalStartMs);
            histogramLog.outputLegend();
        }
    }

    @Override
    public int doWork() {
        int work = 0;
        if (telemetry.requests() != null) {
            work += telemetry.requests().drain(this::onRequest, DRAIN_LIMIT);
        }
        if (telemetry.actions() != null) {
            work += telemetry.actions().drain(this::onAction, DRAIN_LIMIT);
        }
        final long nowMs = clock.time();
        if (nowMs - intervalStartMs >= intervalMs) {
            writeInterval(nowMs);
            work++;
        }
        return work;
    }

    /** Records that found no room in their rings. */
    public long dropped() {
        return (telemetry.requests() == null ? 0 : telemetry.requests().dropped())
            + (telemetry.actions() == null ? 0 : telemetry.actions().dropped());
    }

    @Override
    public void onClose() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        int drained;
        do {
            drained = doWork();
        } while (drained > 0);
        writeInterval(clock.time());
        CloseHelper.closeAll(requestLog, actionLog, histogramFile);
    }

    @Override
    public String roleName() {
        return "telemetry-writer";
    }

    private void writeInterval(final long nowMs) {
        for (final Phase phase : PHASES) {
            final Histogram interval = telemetry.interval(phase, recycled[phase.ordinal()]);
            recycled[phase.ordinal()] = interval;
            if (histogramLog != null && interval.getTotalCount() > 0) {
                interval.setTag(phase.label());
                histogramLog.outputIntervalHistogram(
                    (intervalStartMs - baseMs) / MS_PER_S, (nowMs - baseMs) / MS_PER_S, interval, NS_PER_MS);
            }
        }
        if (histogramFile != null) {
            histogramFile.flush();
        }
        intervalStartMs = nowMs;
    }

    private void onRequest(final int type, final DirectBuffer buffer, final int offset, final int length) {
        if (requestLog == null) {
            return;
        }
        line.setLength(0);
        for (int i = 0; i < RequestField.COUNT; i++) {
            final long value = buffer.getLong(offset + i * Long.BYTES);
            if (i == RequestField.STATUS) {
                append(i, Status.get((int) value).name());
            } else {
                append(i, value);
            }
        }
        write(requestLog);
    }

    private void onAction(final int type, final DirectBuffer buffer, final int offset, final int length) {
        if (actionLog == null) {
            return;
        }
        line.setLength(0);
        for (int i = 0; i < ActionField.COUNT; i++) {
            final long value = buffer.getLong(offset + i * Long.BYTES);
            if (i == ActionField.STATUS) {
                append(i, Status.get((int) value).name());
            } else if (i == ActionField.KIND) {
                append(i, ActionKind.get((short) value).name());
            } else {
                append(i, value);
            }
        }
        write(actionLog);
    }

    private void append(final int field, final String text) {
        line.append(field == 0 ? "" : ",").append(text);
    }

    private void append(final int field, final long value) {
        if (field > 0) {
            line.append(',');
        }
        if (value != Protocol.NULL_NS) {
            line.append(value);
        }
    }

    private void write(final Writer to) {
        try {
            to.append(line).append('\n');
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private static Writer open(final Path path, final String heading) throws IOException {
        if (path == null) {
            return null;
        }
        final BufferedWriter writer = Files.newBufferedWriter(path);
        writer.append(heading).append('\n');
        return writer;
    }
}
