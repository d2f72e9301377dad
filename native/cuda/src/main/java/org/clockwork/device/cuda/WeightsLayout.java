package org.clockwork.device.cuda;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.compiler.Weight;

/**
 * The weights of a model in the orders in which its calls want them, one after the other in a single piece of memory. The
 * same for all batch sizes and all GPUs. Used by the compiling thread.
 */
final class WeightsLayout {
    private static final long ALIGNMENT = 256;
    private static final int PIECE_BYTES = 1 << 28;

    private final Map<String, Entry> entries = new HashMap<>();
    private final List<Entry> inOrder = new ArrayList<>();
    private long bytes;

    /** One weight in one order of its dimensions. */
    private record Entry(Weight weight, long[] dims, int[] order, long offset) {
    }

    /** Where a weight is as the plan has it. */
    Place plain(final Weight weight) {
        return place(weight, new long[] {weight.elements()}, 0);
    }

    /**
     * Where a weight is with its dimensions in another order.
     *
     * @param dims  as the plan has them.
     * @param order the dimension that comes first, and so on.
     */
    Place place(final Weight weight, final long[] dims, final int... order) {
        final String key = weight.index() + Arrays.toString(dims) + Arrays.toString(order);
        Entry entry = entries.get(key);
        if (entry == null) {
            entry = new Entry(weight, dims, order, bytes);
            entries.put(key, entry);
            inOrder.add(entry);
            bytes = (bytes + weight.elements() * Float.BYTES + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
        return new Place(Place.Region.WEIGHTS, entry.offset);
    }

    long bytes() {
        return bytes;
    }

    /** Writes all weights to memory of {@link #bytes()}. */
    void fill(final long address) {
        for (final Entry entry : inOrder) {
            final FloatBuffer numbers = entry.weight.data();
            if (isInOrder(entry.order)) {
                copy(numbers, address + entry.offset);
            } else {
                permute(numbers, entry, address + entry.offset);
            }
        }
    }

    private static boolean isInOrder(final int[] order) {
        for (int i = 0; i < order.length; i++) {
            if (order[i] != i) {
                return false;
            }
        }
        return true;
    }

    private static void copy(final FloatBuffer numbers, final long address) {
        final UnsafeBuffer to = new UnsafeBuffer(0, 0);
        final int start = numbers.position();
        final int count = numbers.remaining();
        for (int done = 0; done < count; done += PIECE_BYTES / Float.BYTES) {
            final int piece = Math.min(PIECE_BYTES / Float.BYTES, count - done);
            to.wrap(address + (long) done * Float.BYTES, piece * Float.BYTES);
            for (int i = 0; i < piece; i++) {
                to.putFloat(i * Float.BYTES, numbers.get(start + done + i));
            }
        }
    }

    private static void permute(final FloatBuffer numbers, final Entry entry, final long address) {
        final int rank = entry.dims.length;
        final int[] dims = new int[rank];
        final int[] strides = new int[rank];
        int stride = 1;
        final int[] plain = new int[rank];
        for (int axis = rank - 1; axis >= 0; axis--) {
            plain[axis] = stride;
            stride *= (int) entry.dims[axis];
        }
        for (int axis = 0; axis < rank; axis++) {
            dims[axis] = (int) entry.dims[entry.order[axis]];
            strides[axis] = plain[entry.order[axis]];
        }
        final int[] at = new int[rank];
        final int inner = dims[rank - 1];
        final UnsafeBuffer to = new UnsafeBuffer(0, 0);
        final int start = numbers.position();
        final int rows = stride / Math.max(1, inner);
        for (int row = 0; row < rows; row++) {
            int from = start;
            for (int axis = 0; axis < rank - 1; axis++) {
                from += at[axis] * strides[axis];
            }
            to.wrap(address + (long) row * inner * Float.BYTES, inner * Float.BYTES);
            for (int i = 0; i < inner; i++) {
                to.putFloat(i * Float.BYTES, numbers.get(from + i * strides[rank - 1]));
            }
            for (int axis = rank - 2; axis >= 0 && ++at[axis] == dims[axis]; axis--) {
                at[axis] = 0;
            }
        }
    }
}
