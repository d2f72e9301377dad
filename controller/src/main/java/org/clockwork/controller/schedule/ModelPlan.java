package org.clockwork.controller.schedule;

import java.util.Arrays;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.queue.ModelQueue;

/** What planning knows about one model: its queue and its copies. Owned by the controller agent. */
public final class ModelPlan {
    /** The model. */
    public final Model model;
    /** Its slot in the catalogue. */
    public final int index;
    /** What it runs. */
    public final ArtifactPlan artifact;
    /** Its waiting requests. */
    public final ModelQueue queue;
    /** Whether it left the catalogue. */
    boolean isGone;
    /** Whether it is in the policy's list of models to look at. */
    boolean isDirty;
    /** LOADs that failed since the last that did not. */
    int loadFailures;
    /** Before this, it is not loaded again. */
    long loadFromNs;

    private Residency[] copies = new Residency[2];
    private int copyCount;

    ModelPlan(final Model model, final ArtifactPlan artifact, final ModelQueue queue) {
        this.model = model;
        this.index = model.index;
        this.artifact = artifact;
        this.queue = queue;
    }

    /** Copies in any state but GONE. */
    public int copyCount() {
        return copyCount;
    }

    /** The {@code i}-th copy. */
    public Residency copy(final int i) {
        return copies[i];
    }

    /** Its copy on a device, or null. */
    public Residency copyOn(final DevicePlan device) {
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
    }

    void remove(final Residency copy) {
        final Residency moved = copies[--copyCount];
        copies[copy.copyIndex] = moved;
        moved.copyIndex = copy.copyIndex;
        copies[copyCount] = null;
    }
}
