package org.clockwork.cli.load;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import org.clockwork.client.InferResult;
import org.clockwork.loadgen.Table;

/** Where the time of answered requests went. Written by the client's thread; read when the load is over. */
public final class Phases {
    private static final long LOWEST_NS = 1;
    private static final long HIGHEST_NS = 3_600_000_000_000L;
    private static final int DIGITS = 2;
    private static final double US = 1e3;

    /** The parts of a latency, in their order; the last is no part but what the system adds to the device's work. */
    private enum Phase {
        SEND_LAG("sendLag", "before it was sent"),
        NETWORK("network", "client <-> controller"),
        QUEUE("queue", "waiting and controller -> worker"),
        LOAD("load", "waiting for the model's weights"),
        COPY_IN("copyIn", "input to the device"),
        EXECUTE("execute", "on the device"),
        COPY_OUT("copyOut", "output from the device"),
        OVERHEAD("roundTrip", "latency without load, copies and execution");

        private final String key;
        private final String about;

        Phase(final String key, final String about) {
            this.key = key;
            this.about = about;
        }
    }

    private final Histogram[] histograms = new Histogram[Phase.values().length];

    /** Empty. */
    public Phases() {
        for (int i = 0; i < histograms.length; i++) {
            histograms[i] = new Histogram(LOWEST_NS, HIGHEST_NS, DIGITS);
        }
    }

    /** Counts an answer. */
    public void onAnswer(final InferResult result) {
        final long deviceNs = result.loadNs() + result.copyInNs() + result.executeNs() + result.copyOutNs();
        record(Phase.SEND_LAG, result.sendLagNs());
        record(Phase.NETWORK, result.networkNs());
        record(Phase.QUEUE, result.queueNs());
        record(Phase.LOAD, result.loadNs());
        record(Phase.COPY_IN, result.copyInNs());
        record(Phase.EXECUTE, result.executeNs());
        record(Phase.COPY_OUT, result.copyOutNs());
        record(Phase.OVERHEAD, result.latencyNs() - deviceNs);
    }

    /** A table for people. */
    public String text() {
        final Table table = new Table("where the time went", "p50 us", "p99 us", "max us", "");
        for (final Phase phase : Phase.values()) {
            final Histogram histogram = histograms[phase.ordinal()];
            if (Phase.OVERHEAD == phase) {
                table.line();
            }
            table.row(
                phase.key, us(histogram.getValueAtPercentile(50.0)), us(histogram.getValueAtPercentile(99.0)),
                us(histogram.getMaxValue()), phase.about);
        }
        return table.toString();
    }

    /** For programs. */
    public void putTo(final ObjectNode json) {
        final ObjectNode phases = json.putObject("phasesUs");
        for (final Phase phase : Phase.values()) {
            final Histogram histogram = histograms[phase.ordinal()];
            final ObjectNode node = phases.putObject(phase.key);
            node.put("p50", histogram.getValueAtPercentile(50.0) / US);
            node.put("p99", histogram.getValueAtPercentile(99.0) / US);
            node.put("max", histogram.getMaxValue() / US);
            node.put("mean", histogram.getMean() / US);
        }
    }

    private void record(final Phase phase, final long ns) {
        histograms[phase.ordinal()].recordValue(Math.max(0, Math.min(ns, HIGHEST_NS)));
    }

    private static String us(final long ns) {
        return String.format(Locale.ROOT, "%.1f", ns / US);
    }
}
