package org.clockwork.sim.check;

import java.util.Arrays;
import org.agrona.concurrent.NanoClock;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;

/**
 * The requests of one client as its load sees them: each is offered once and ends once, and what is counted in time was.
 * Single-threaded; allocates only to grow.
 */
public final class RequestLedger {
    private static final int OK = Status.OK.value();

    private final NanoClock time;
    private final Findings findings;
    private long[] tags = new long[1024];
    private boolean[] isOpen = new boolean[1024];
    private long[] intendedNs = new long[1024];
    private long[] sloNs = new long[1024];
    private boolean[] isCounted = new boolean[1024];
    private long open;
    private long inTime;

    RequestLedger(final NanoClock virtualTime, final Findings findings) {
        time = virtualTime;
        this.findings = findings;
    }

    /**
     * A request was taken by the client.
     *
     * @param tag       of the request: generation and slot, as its end will name it.
     * @param intended  when it was due, in virtual time.
     * @param slo       its SLO, or the null time.
     * @param isCounted whether the summary counts it.
     */
    public void onOffered(final long tag, final long intended, final long slo, final boolean isCounted) {
        final int slot = Ids.index(tag);
        if (slot >= tags.length) {
            grow(slot);
        }
        if (isOpen[slot]) {
            findings.report(Check.ONE_END, "request " + tag + " was sent while " + tags[slot] + " had not ended");
        } else {
            open++;
        }
        tags[slot] = tag;
        isOpen[slot] = true;
        intendedNs[slot] = intended;
        sloNs[slot] = slo;
        this.isCounted[slot] = isCounted;
    }

    /** The client told of an end. */
    public void onEnded(final long tag, final int statusCode) {
        findings.look(Check.ONE_END);
        final int slot = Ids.index(tag);
        if (slot < 0 || slot >= tags.length || !isOpen[slot] || tags[slot] != tag) {
            findings.report(Check.ONE_END, "request " + tag + " ended with status " + statusCode
                + " and had ended before, or was never sent");
            return;
        }
        isOpen[slot] = false;
        open--;
        if (statusCode == OK && isCounted[slot]
            && (sloNs[slot] == Protocol.NULL_NS || time.nanoTime() - intendedNs[slot] <= sloNs[slot])) {
            inTime++;
        }
    }

    /** Requests that have not ended. */
    public long open() {
        return open;
    }

    /** Compares with what a summary says; at the end, when every request should have ended. */
    public void compare(final long reportedInTime) {
        findings.look(Check.IN_TIME);
        if (reportedInTime != inTime) {
            findings.report(Check.IN_TIME, "reported=" + reportedInTime + " were=" + inTime);
        }
        if (open != 0) {
            findings.report(Check.ONE_END, open + " requests have not ended");
        }
    }

    private void grow(final int slot) {
        final int length = Math.max(slot + 1, tags.length * 2);
        tags = Arrays.copyOf(tags, length);
        isOpen = Arrays.copyOf(isOpen, length);
        intendedNs = Arrays.copyOf(intendedNs, length);
        sloNs = Arrays.copyOf(sloNs, length);
        isCounted = Arrays.copyOf(isCounted, length);
    }
}
