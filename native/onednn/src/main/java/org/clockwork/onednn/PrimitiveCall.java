package org.clockwork.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;

import java.util.List;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;

/** A step that is one primitive. Used by the executing thread. */
final class PrimitiveCall implements Call {
    private final dnnl_stream stream;
    private final primitive primitive;
    private final dnnl_primitive handle;
    private final dnnl_exec_arg_t arguments;
    private final int count;
    private final List<memory> owned;
    private final String description;

    /** Takes over {@code owned}. */
    PrimitiveCall(final OneDnn library, final primitive primitive, final int[] names, final List<memory> memories,
        final List<memory> owned, final String description) {
        stream = library.streamHandle();
        this.primitive = Memories.keep(primitive);
        handle = Memories.keep(primitive.get());
        count = names.length;
        arguments = Memories.keep(new dnnl_exec_arg_t(count));
        for (int i = 0; i < count; i++) {
            arguments.position(i).arg(names[i]).memory(memories.get(i).get());
        }
        arguments.position(0);
        this.owned = List.copyOf(owned);
        this.description = description;
    }

    @Override
    public void run() {
        final int status = dnnl_primitive_execute(handle, stream, count, arguments);
        if (status != 0) {
            throw new IllegalStateException("oneDNN failed: status=" + status + " primitive=" + description);
        }
    }

    @Override
    public void bind(final long weights) {
        // the weights' memories are bound for all calls together
        return;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public void close() {
        arguments.deallocate();
        primitive.deallocate();
        owned.forEach(memory::deallocate);
    }
}
