package org.clockwork.controller.cluster;

import java.util.Arrays;
import org.agrona.collections.LongHashSet;

/** What the devices of a joining worker hold, kept until the worker is live. Owned by the controller agent. */
final class Inventory {
    private static final int KEY_BYTES = 32;
    private int[] deviceIndexes = new int[8];
    private long[] modelIds = new long[8];
    private int[] pages = new int[8];
    private byte[] keys = new byte[8 * KEY_BYTES];
    private long[] pagesOn;
    private LongHashSet[] modelsOn;
    private int size;

    Inventory(final int deviceCount) {
        pagesOn = new long[deviceCount];
        modelsOn = new LongHashSet[deviceCount];
    }

    int size() {
        return size;
    }

    int deviceIndex(final int i) {
        return deviceIndexes[i];
    }

    long modelId(final int i) {
        return modelIds[i];
    }

    int pages(final int i) {
        return pages[i];
    }

    byte[] key(final int i) {
        return Arrays.copyOfRange(keys, i * KEY_BYTES, (i + 1) * KEY_BYTES);
    }

    /** Whether a device is said to hold this model already. */
    boolean contains(final int deviceIndex, final long modelId) {
        return modelsOn[deviceIndex] != null && modelsOn[deviceIndex].contains(modelId);
    }

    /** Pages that the listed models occupy on a device. */
    long pagesOn(final int deviceIndex) {
        return pagesOn[deviceIndex];
    }

    void add(final int deviceIndex, final long modelId, final int modelPages, final byte[] key) {
        if (size == modelIds.length) {
            deviceIndexes = Arrays.copyOf(deviceIndexes, size * 2);
            modelIds = Arrays.copyOf(modelIds, size * 2);
            pages = Arrays.copyOf(pages, size * 2);
            keys = Arrays.copyOf(keys, size * 2 * KEY_BYTES);
        }
        if (modelsOn[deviceIndex] == null) {
            modelsOn[deviceIndex] = new LongHashSet();
        }
        modelsOn[deviceIndex].add(modelId);
        pagesOn[deviceIndex] += modelPages;
        deviceIndexes[size] = deviceIndex;
        modelIds[size] = modelId;
        pages[size] = modelPages;
        System.arraycopy(key, 0, keys, size * KEY_BYTES, KEY_BYTES);
        size++;
    }

    /** Forgets everything and gives the memory back; nothing can be added any more. */
    void clear() {
        size = 0;
        pagesOn = null;
        modelsOn = null;
        deviceIndexes = new int[1];
        modelIds = new long[1];
        pages = new int[1];
        keys = new byte[KEY_BYTES];
    }
}
