package org.clockwork.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.clockwork.compiler.Weight;

/**
 * The weights of a model in the layouts in which primitives want them, one after the other in a single piece of memory.
 * A weight that batch sizes want in different layouts is there in each of them. Filled by the compiling thread, bound by
 * the executing one.
 */
final class Layouts implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private final OneDnn library;
    private final Map<String, List<Entry>> entries = new HashMap<>();
    private final List<Entry> inOrder = new ArrayList<>();
    private final Address address = new Address(0);
    private long bytes;

    /** One weight in one layout. */
    static final class Entry {
        private Weight weight;
        private final memory.desc plain;
        private final memory.desc laidOut;
        private final memory memory;
        private final long offset;

        Entry(final Weight weight, final memory.desc plain, final memory.desc laidOut, final memory memory, final long offset) {
            this.weight = weight;
            this.plain = plain;
            this.laidOut = laidOut;
            this.memory = memory;
            this.offset = offset;
        }

        memory.desc laidOut() {
            return laidOut;
        }

        memory memory() {
            return memory;
        }

        long offset() {
            return offset;
        }
    }

    Layouts(final OneDnn library) {
        this.library = library;
    }

    /** The layouts in which a weight is there already; {@code shape} tells its views apart. */
    List<Entry> of(final Weight weight, final String shape) {
        return entries.getOrDefault(weight.name() + shape, List.of());
    }

    /**
     * A weight in a layout.
     *
     * @param plain   how its numbers lie in {@link Weight#data()}.
     * @param laidOut how they are to lie.
     */
    Entry entry(final Weight weight, final String shape, final memory.desc plain, final memory.desc laidOut) {
        final List<Entry> known = entries.computeIfAbsent(weight.name() + shape, key -> new ArrayList<>());
        for (final Entry entry : known) {
            if (entry.laidOut.equals(laidOut)) {
                return entry;
            }
        }
        final memory.desc kept = Memories.keep(new memory.desc(laidOut));
        final Entry entry = new Entry(weight, Memories.keep(new memory.desc(plain)), kept,
            Memories.keep(new memory(kept, library.engine(), new Address(0))), bytes);
        known.add(entry);
        inOrder.add(entry);
        bytes = (bytes + laidOut.get_size() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return entry;
    }

    long bytes() {
        return bytes;
    }

    /** Writes all weights to memory of {@link #bytes()}. */
    @SuppressWarnings("try")
    void fill(final long target) {
        for (final Entry entry : inOrder) {
            try (PointerScope scope = new PointerScope()) {
                final FloatBuffer numbers = entry.weight.data();
                final FloatPointer copy = new FloatPointer(Math.max(1, numbers.remaining()));
                copy.asBuffer().put(numbers);
                final memory from = new memory(entry.plain, library.engine(), copy);
                final memory to = new memory(entry.laidOut, library.engine(), new Address(target + entry.offset));
                new reorder(from, to).execute(library.stream(), from, to);
                library.stream()._wait();
            }
        }
    }

    /** What the numbers are read from is not kept any longer. */
    void forgetSources() {
        inOrder.forEach(entry -> entry.weight = null);
    }

    /** The weights are read from there from now on. */
    void bind(final long weights) {
        for (int i = 0; i < inOrder.size(); i++) {
            final Entry entry = inOrder.get(i);
            dnnl_memory_set_data_handle(entry.memory.get(), address.at(weights + entry.offset));
        }
    }

    @Override
    public void close() {
        for (final Entry entry : inOrder) {
            entry.memory.deallocate();
            entry.plain.deallocate();
            entry.laidOut.deallocate();
        }
        inOrder.clear();
        entries.clear();
    }
}
