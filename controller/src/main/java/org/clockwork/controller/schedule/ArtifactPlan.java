package org.clockwork.controller.schedule;

import java.util.Arrays;
import java.util.BitSet;
import org.clockwork.controller.model.Artifact;

/**
 * What planning knows about one artifact: where it can be loaded, and how long its copies in and out take. Owned by the
 * controller agent.
 */
public final class ArtifactPlan {
    private static final int BATCH_SIZES = 7;

    /** The artifact. */
    public final Artifact artifact;
    /** A registered model that runs it, or null: what a measurement loads. */
    ModelPlan anyModel;
    /** How its measuring stands; null when it is over or has not begun. */
    Measurement measurement;

    private final BitSet slots = new BitSet();
    private DevicePlan[] devices = new DevicePlan[4];
    private int deviceCount;
    private final long[] copyInNs = new long[BATCH_SIZES];
    private final long[] copyOutNs = new long[BATCH_SIZES];

    ArtifactPlan(final Artifact artifact) {
        this.artifact = artifact;
    }

    /** Devices on which it is installed and has room. */
    public int deviceCount() {
        return deviceCount;
    }

    /** The {@code i}-th of them. */
    public DevicePlan device(final int i) {
        return devices[i];
    }

    /** Whether it can be loaded on a device. */
    public boolean isInstalledOn(final DevicePlan device) {
        return slots.get(device.slot);
    }

    void install(final DevicePlan device) {
        if (slots.get(device.slot)) {
            return;
        }
        slots.set(device.slot);
        if (deviceCount == devices.length) {
            devices = Arrays.copyOf(devices, deviceCount * 2);
        }
        devices[deviceCount++] = device;
    }

    void uninstall(final DevicePlan device) {
        if (!slots.get(device.slot)) {
            return;
        }
        slots.clear(device.slot);
        int at = 0;
        while (devices[at] != device) {
            at++;
        }
        System.arraycopy(devices, at + 1, devices, at, deviceCount - at - 1);
        devices[--deviceCount] = null;
    }

    /** Expected time to copy a batch's inputs to a device. */
    public long copyInNs(final int batchIndex) {
        return copyInNs[batchIndex];
    }

    /** Expected time to copy a batch's outputs from a device. */
    public long copyOutNs(final int batchIndex) {
        return copyOutNs[batchIndex];
    }

    /** Takes measured copies. */
    public void recordCopies(final int batchIndex, final long measuredInNs, final long measuredOutNs) {
        copyInNs[batchIndex] = follow(copyInNs[batchIndex], measuredInNs);
        copyOutNs[batchIndex] = follow(copyOutNs[batchIndex], measuredOutNs);
    }

    /** Up fast, down slowly; a single outlier counts by an eighth. */
    private static long follow(final long expected, final long measured) {
        if (expected == 0) {
            return measured;
        }
        return measured >= expected ? expected + (measured - expected + 7 >> 3) : expected - (expected - measured >> 5);
    }
}
