package org.clockwork.onednn;

import java.util.Arrays;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.Pointer;
import org.clockwork.compiler.View;
import org.clockwork.device.ElementType;

/** Views of a plan as oneDNN describes them. Stateless. */
final class Memories {
    private Memories() {
    }

    static memory.data_type type(final ElementType type) {
        return switch (type) {
            case FLOAT32 -> memory.data_type.f32;
            case BFLOAT16 -> memory.data_type.bf16;
            case INT32 -> memory.data_type.s32;
            default -> throw new UnsupportedOperationException("oneDNN has no elements of type " + type);
        };
    }

    static memory.desc describe(final View view) {
        return describe(view, type(view.type()));
    }

    static memory.desc describe(final View view, final memory.data_type type) {
        return new memory.desc(view.dims(), type, canonical(view));
    }

    /** A dimension of size 1 gets a stride beyond all others, unless the layout is one that has a name. */
    private static long[] canonical(final View view) {
        if (view.isPlain() || view.isChannelsLast()) {
            return view.strides();
        }
        final long[] dims = view.dims();
        final long[] strides = view.strides().clone();
        long end = 1;
        for (int i = 0; i < dims.length; i++) {
            end = Math.max(end, dims[i] > 1 ? dims[i] * strides[i] : 1);
        }
        for (int i = 0; i < dims.length; i++) {
            strides[i] = dims[i] == 1 ? end : strides[i];
        }
        return strides;
    }

    static memory.desc row(final int rank, final long size) {
        final long[] dims = new long[rank];
        Arrays.fill(dims, 1);
        dims[rank - 1] = size;
        final long[] strides = new long[rank];
        Arrays.fill(strides, size);
        strides[rank - 1] = 1;
        return new memory.desc(dims, memory.data_type.f32, strides);
    }

    /** One number for each channel, which is dimension 1. */
    static memory.desc channels(final int rank, final long size) {
        final long[] dims = new long[rank];
        Arrays.fill(dims, 1);
        dims[1] = size;
        final long[] strides = new long[rank];
        Arrays.fill(strides, size);
        strides[1] = 1;
        return new memory.desc(dims, memory.data_type.f32, strides);
    }

    static memory.desc vector(final long size) {
        return new memory.desc(new long[] {size}, memory.data_type.f32, memory.format_tag.x);
    }

    static memory.desc any(final long[] dims, final memory.data_type type) {
        return new memory.desc(dims, type, memory.format_tag.any);
    }

    /** Keeps a native object beyond the scope that would free it, until it is deallocated. */
    static <P extends Pointer> P keep(final P pointer) {
        pointer.retainReference();
        return pointer;
    }
}
