package org.clockwork.sim.check;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.clockwork.controller.action.Action;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.telemetry.PathObserver;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;

/**
 * The log of a simulation's actions in the order in which they ended, as comma-separated text, and a hash over all actions
 * and all ends of requests: two runs that differ anywhere differ in it. Single-threaded; allocates nothing.
 */
public final class ActionLog implements PathObserver, AutoCloseable {
    private static final String HEADING = "reportedNs,action,kind,worker,device,model,batch,requests,status,createdNs,"
        + "latestNs,predictedStartNs,startNs,expectedNs,measuredNs,endNs\n";
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int MAX_LINE_BYTES = 512;
    private static final long SEED = 0x9E37_79B9_7F4A_7C15L;
    private static final long FACTOR = 0xBF58_476D_1CE4_E5B9L;

    private final OutputStream out;
    private final byte[] buffer;
    private int used;
    private long hash = SEED;
    private long actions;

    /** A log without a file: only the hash is kept. */
    public ActionLog() {
        this(null);
    }

    /** A log into a stream, which is closed with it; null for the hash alone. */
    public ActionLog(final OutputStream out) {
        this.out = out;
        buffer = new byte[out == null ? 0 : BUFFER_BYTES];
        if (out != null) {
            final byte[] heading = HEADING.getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(heading, 0, buffer, 0, heading.length);
            used = heading.length;
        }
    }

    /** Over all that was seen so far, in 16 hexadecimal digits. */
    public String hash() {
        final StringBuilder text = new StringBuilder(Long.toHexString(hash));
        return text.insert(0, "0".repeat(16 - text.length())).toString();
    }

    /** Actions that ended so far. */
    public long actions() {
        return actions;
    }

    @Override
    public void onRequestEnded(final Request request, final Status status, final long totalNs, final long nowNs) {
        mix(request.clientId);
        mix(request.session.id);
        mix(status.value());
        mix(totalNs);
        mix(nowNs);
    }

    @Override
    public void onRequestRefused(
        final long sessionId, final long clientId, final long modelId, final Status status, final long nowNs) {
        mix(clientId);
        mix(sessionId);
        mix(status.value());
        mix(nowNs);
    }

    @Override
    public void onActionEnded(
        final Action action, final Status status, final long startNs, final long copyInNs,
        final long executeNs, final long copyOutNs, final long endNs, final long nowNs) {
        actions++;
        mix(action.id());
        mix((long) action.device.state.slot << 32 | status.value() << 8 | action.kind.value());
        mix(action.copy.modelId);
        mix(startNs);
        mix(executeNs);
        mix(nowNs);
        if (out != null) {
            put(nowNs, ',');
            put(action.id(), ',');
            put(action.kind.value(), ',');
            put(action.device.worker.state.index, ',');
            put(action.device.state.deviceIndex, ',');
            put(action.copy.modelId, ',');
            put(action.batchSize, ',');
            put(action.requestCount, ',');
            put(status.value(), ',');
            put(action.createdNs, ',');
            put(action.latestNs, ',');
            put(action.predictedStartNs, ',');
            put(startNs, ',');
            put(action.durationNs, ',');
            put(executeNs, ',');
            put(endNs, '\n');
            if (used > BUFFER_BYTES - MAX_LINE_BYTES) {
                flush();
            }
        }
    }

    @Override
    public void close() {
        if (out != null) {
            flush();
            try {
                out.close();
            } catch (final IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }
    }

    private void mix(final long value) {
        hash = (Long.rotateLeft(hash, 27) ^ value) * FACTOR;
        hash ^= hash >>> 31;
    }

    /** Writes a number, and nothing for the null time. */
    private void put(final long value, final char end) {
        if (value != Protocol.NULL_NS) {
            long rest = value;
            if (rest < 0) {
                buffer[used++] = '-';
                rest = -rest;
            }
            int digits = 1;
            for (long limit = 10; limit > 0 && rest >= limit && digits < 19; limit *= 10) {
                digits++;
            }
            for (int i = digits - 1; i >= 0; i--) {
                buffer[used + i] = (byte) ('0' + rest % 10);
                rest /= 10;
            }
            used += digits;
        }
        buffer[used++] = (byte) end;
    }

    private void flush() {
        try {
            out.write(buffer, 0, used);
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
        used = 0;
    }
}
