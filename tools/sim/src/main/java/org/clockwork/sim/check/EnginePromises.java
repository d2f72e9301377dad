package org.clockwork.sim.check;

import java.util.Arrays;
import org.clockwork.controller.action.Action;

/**
 * What one engine of a device was promised and has not reported, in the order in which it was told; computed from the
 * actions alone. Single-threaded; allocates only to grow.
 */
final class EnginePromises {
    private long[] ids = new long[8];
    private long[] readyNs = new long[8];
    private long[] durationNs = new long[8];
    private int count;
    private long lastEndNs;
    private boolean isKnown;
    private long freeNs;

    EnginePromises(final long nowNs) {
        lastEndNs = nowNs;
    }

    void add(final Action action) {
        if (count == ids.length) {
            ids = Arrays.copyOf(ids, count * 2);
            readyNs = Arrays.copyOf(readyNs, count * 2);
            durationNs = Arrays.copyOf(durationNs, count * 2);
        }
        ids[count] = action.id();
        readyNs[count] = action.readyNs;
        durationNs[count++] = action.durationNs;
        isKnown = false;
    }

    /** An action ended; {@code endNs} is when its engine was done with it, if it was. */
    void remove(final Action action, final boolean isDone, final long endNs) {
        int at = 0;
        while (at < count && ids[at] != action.id()) {
            at++;
        }
        if (at == count) {
            return;
        }
        count--;
        System.arraycopy(ids, at + 1, ids, at, count - at);
        System.arraycopy(readyNs, at + 1, readyNs, at, count - at);
        System.arraycopy(durationNs, at + 1, durationNs, at, count - at);
        if (isDone) {
            lastEndNs = endNs;
        }
        isKnown = false;
    }

    /** When the engine will have kept its promises, if all goes as expected. */
    long freeNs() {
        if (!isKnown) {
            freeNs = lastEndNs;
            for (int i = 0; i < count; i++) {
                freeNs = (readyNs[i] - freeNs > 0 ? readyNs[i] : freeNs) + durationNs[i];
            }
            isKnown = true;
        }
        return freeNs;
    }
}
