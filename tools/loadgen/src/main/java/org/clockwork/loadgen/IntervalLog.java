package org.clockwork.loadgen;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;
import org.HdrHistogram.SingleWriterRecorder;

/**
 * Writes an {@code .hlog} (HdrHistogram interval log) with one line per group and interval, values in nanoseconds. The
 * load's thread records; {@link #write} may be called by it or by one other thread.
 */
public final class IntervalLog implements AutoCloseable {
    private static final long LOWEST_NS = 128;
    private static final long HIGHEST_NS = 3_600_000_000_000L;
    private static final int DIGITS = 3;
    private static final double MS = 1e6;

    private final Path path;
    private final PrintStream out;
    private final HistogramLogWriter writer;
    private final String[] tags;
    private final SingleWriterRecorder[] recorders;
    private final Histogram[] recycled;
    private final long startEpochMs;
    private long writtenUntilNs;

    /**
     * Opens the file.
     *
     * @param path         to write, replaced if it exists.
     * @param groupNames   as in the recorder.
     * @param comment      first line, such as the command.
     * @param startEpochMs wall clock at time zero of the load.
     */
    public IntervalLog(final Path path, final List<String> groupNames, final String comment, final long startEpochMs) {
        this.path = path;
        this.startEpochMs = startEpochMs;
        try {
            if (null != path.toAbsolutePath().getParent()) {
                Files.createDirectories(path.toAbsolutePath().getParent());
            }
            out = new PrintStream(Files.newOutputStream(path), false, StandardCharsets.UTF_8);
        } catch (final IOException ex) {
            throw new UncheckedIOException("cannot write the interval log: path=" + path, ex);
        }
        writer = new HistogramLogWriter(out);
        writer.outputComment(comment.replace('\n', ' '));
        writer.outputComment("values are nanoseconds from the intended send time to the answer; MaxValue is in ms");
        writer.outputLogFormatVersion();
        writer.outputStartTime(startEpochMs);
        writer.outputLegend();
        writer.setBaseTime(startEpochMs);
        tags = new String[groupNames.size()];
        recorders = new SingleWriterRecorder[tags.length];
        recycled = new Histogram[tags.length];
        for (int i = 0; i < tags.length; i++) {
            tags[i] = groupNames.get(i).replaceAll("[,\\s]", "_");
            recorders[i] = new SingleWriterRecorder(LOWEST_NS, HIGHEST_NS, DIGITS);
        }
    }

    /** Where it is written. */
    public Path path() {
        return path;
    }

    void record(final int group, final long latencyNs) {
        recorders[group].recordValue(Recorder.Group.clamp(latencyNs));
    }

    /** Ends the current interval at this time since the start of the load and writes a line for each group that has samples. */
    public void write(final long sinceStartNs) {
        final long fromMs = startEpochMs + writtenUntilNs / 1_000_000;
        final long untilMs = startEpochMs + sinceStartNs / 1_000_000;
        for (int i = 0; i < tags.length; i++) {
            recycled[i] = recorders[i].getIntervalHistogram(recycled[i]);
            if (recycled[i].getTotalCount() > 0) {
                recycled[i].setTag(tags[i]);
                recycled[i].setStartTimeStamp(fromMs);
                recycled[i].setEndTimeStamp(untilMs);
                writer.outputIntervalHistogram(
                    (fromMs - startEpochMs) / 1000.0, (untilMs - startEpochMs) / 1000.0, recycled[i], MS);
            }
        }
        writtenUntilNs = sinceStartNs;
        out.flush();
    }

    @Override
    public void close() {
        out.close();
    }
}
