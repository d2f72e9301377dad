package org.clockwork.controller.schedule;

import java.util.Arrays;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.queue.ModelQueue;

/** What planning knows about one model: its queue and its copies. Owned by the controller agent. */
public final class ModelPlan {
    /** Copies up to which each is told of what waits. */
    private static final int WIDE = 8;
    /** A request that came too early for its model asks for it that long. */
    private static final long MISS_NS = 1_000_000_000L;

    /** The model. */
    public final Model model;
    /** Its slot in the catalogue. */
    public final int index;
    /** What it runs. */
    public final ArtifactPlan artifact;
    /** Its waiting requests. */
    public final ModelQueue queue;
    /** How it was served of late. */
    final Service service = new Service();
    /** Whether it left the catalogue. */
    boolean isGone;
    /** Whether it is in the policy's list of models to look at. */
    boolean isDirty;
    /** Whether it is in the list of models that may get one more copy. */
    boolean isListed;
    /** LOADs that failed since the last that did not. */
    int loadFailures;
    /** Before this, it is not loaded again. */
    long loadFromNs;

    /** When a request was last refused because no device held the model and a LOAD would have come too late. */
    private long missNs;
    private boolean hasMiss;
    private Residency[] copies = new Residency[2];
    private int copyCount;
    /** Copies by the slot of their device, once there are so many that a search would cost. */
    private Residency[] bySlot;
    /** Where {@link #nextCopy()} goes on. */
    private int cursor;

    ModelPlan(final Model model, final ArtifactPlan artifact, final ModelQueue queue) {
        this.model = model;
        this.index = model.index;
        this.artifact = artifact;
        this.queue = queue;
    }

    /** A request was refused because no device held the model and a LOAD would have come too late. */
    void onMiss(final long nowNs) {
        missNs = nowNs;
        hasMiss = true;
    }

    /** Whether that was of late: the next request would be served if the model were loaded meanwhile. */
    boolean isMissed(final long nowNs) {
        hasMiss &= copyCount == 0 && nowNs - missNs <= MISS_NS;
        return hasMiss;
    }

    /** Copies in any state but GONE. */
    public int copyCount() {
        return copyCount;
    }

    /** The {@code i}-th copy. */
    public Residency copy(final int i) {
        return copies[i];
    }

    /** Whether it has so many copies that a request can't be announced to each of them. */
    public boolean isWide() {
        return copyCount > WIDE;
    }

    /** Another copy than the last time, each in turn; there is one at least. */
    Residency nextCopy() {
        cursor = cursor + 1 < copyCount ? cursor + 1 : 0;
        return copies[cursor];
    }

    /** Its copy on a device, or null. */
    public Residency copyOn(final DevicePlan device) {
        if (bySlot != null) {
            return device.slot < bySlot.length ? bySlot[device.slot] : null;
        }
        for (int i = 0; i < copyCount; i++) {
            if (copies[i].device == device) {
                return copies[i];
            }
        }
        return null;
    }

    void add(final Residency copy) {
        if (copyCount == copies.length) {
            copies = Arrays.copyOf(copies, copyCount * 2);
        }
        copy.copyIndex = copyCount;
        copies[copyCount++] = copy;
        if (bySlot != null) {
            note(copy);
        } else if (copyCount > WIDE) {
            bySlot = new Residency[copyCount * 2];
            for (int i = 0; i < copyCount; i++) {
                note(copies[i]);
            }
        }
    }

    void remove(final Residency copy) {
        final Residency moved = copies[--copyCount];
        copies[copy.copyIndex] = moved;
        moved.copyIndex = copy.copyIndex;
        copies[copyCount] = null;
        if (bySlot != null) {
            bySlot[copy.device.slot] = null;
        }
    }

    private void note(final Residency copy) {
        final int slot = copy.device.slot;
        if (slot >= bySlot.length) {
            bySlot = Arrays.copyOf(bySlot, Math.max(slot + 1, bySlot.length * 2));
        }
        bySlot[slot] = copy;
    }
}
