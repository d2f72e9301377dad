package org.clockwork.device.cpu;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.clockwork.device.Device;
import org.clockwork.device.TensorSpec;
import org.clockwork.device.engine.EngineModel;
import org.clockwork.device.engine.IoLayout;

/**
 * A model ready for LOAD: skeleton, weights in host memory, tensors over the I/O slot, and the address ranges that its
 * LOADs have used. Immutable but for the ranges, which are the load engine's; closed when no device holds the model.
 */
final class CpuModel implements EngineModel {
    /** What a session takes for its graph, measured over networks of all kinds: 20 to 31 times its skeleton. */
    private static final long SESSION_BYTES_PER_BYTE = 32;
    private static final long SMALLEST_SKELETON = 32 * 1024;

    private final OrtRuntime runtime;
    private final NativeMemory memory;
    private final PageMemory pageMemory;
    private final Artifact artifact;
    private final byte[] skeleton;
    private final long payload;
    private final IoTensors tensors;
    private final int pages;
    private final PlanRun plan;
    private final String engine;
    private final Consumer<CpuModel> onClose;
    private final ArrayDeque<Range> idleRanges = new ArrayDeque<>();
    private boolean hasKeptSession;
    private boolean isClosed;

    /**
     * Takes over {@code payload}, {@code tensors} and {@code plan}; tells {@code onClose} when it is closed.
     *
     * @param plan runs the model instead of ONNX Runtime; or null.
     */
    CpuModel(final OrtRuntime runtime, final NativeMemory memory, final PageMemory pageMemory, final Artifact artifact,
        final byte[] skeleton, final long payload, final IoTensors tensors, final PlanRun plan, final String engine,
        final Consumer<CpuModel> onClose) {
        this.runtime = runtime;
        this.memory = memory;
        this.pageMemory = pageMemory;
        this.artifact = artifact;
        this.skeleton = skeleton;
        this.payload = payload;
        this.tensors = tensors;
        this.plan = plan;
        this.engine = engine;
        this.onClose = onClose;
        pages = plan == null ? pages(artifact) : pages(plan.bytes());
    }

    /** Pages for the region and for what ONNX Runtime allocates beside it, exact to a small page. */
    static int pages(final Artifact artifact) {
        return pages(lentFrom(artifact) + lentBytes(artifact));
    }

    private static int pages(final long bytes) {
        return Math.toIntExact(Math.max(1, (bytes + Device.PAGE_BYTES - 1) / Device.PAGE_BYTES));
    }

    /** Where in the range the memory starts that is given up for packed weights. */
    private static long lentFrom(final Artifact artifact) {
        return NativeMemory.roundUp(artifact.regionBytes(), NativeMemory.SMALL_PAGE);
    }

    private static long lentBytes(final Artifact artifact) {
        return NativeMemory.roundUp(artifact.packedBytes(), NativeMemory.SMALL_PAGE);
    }

    @Override
    public List<TensorSpec> inputs() {
        return artifact.inputs();
    }

    @Override
    public List<TensorSpec> outputs() {
        return artifact.outputs();
    }

    @Override
    public long weightsBytes() {
        return plan != null ? plan.bytes() : artifact.regionBytes() + artifact.packedBytes();
    }

    @Override
    public int pages() {
        return pages;
    }

    @Override
    public int maxBatch() {
        return tensors.maxBatch();
    }

    @Override
    public String engine() {
        return engine;
    }

    /** Host memory that it takes while it is open: weights as LOADs copy them, and calls or a session made for it. */
    long hostBytes() {
        final long session = artifact.packedBytes() + SESSION_BYTES_PER_BYTE * Math.max(SMALLEST_SKELETON, skeleton.length);
        return NativeMemory.roundUp(plan == null ? artifact.payloadBytes() + session : plan.bytes() + plan.primitives(),
            NativeMemory.SMALL_PAGE);
    }

    /** What runs the model instead of ONNX Runtime; or null. */
    PlanRun plan() {
        return plan;
    }

    /** The batch that is executed for one of this size. */
    int executedBatch(final int batchSize) {
        return plan == null ? batchSize : plan.program().executedBatch(batchSize);
    }

    /** Bytes that a LOAD copies. */
    long regionBytes() {
        return plan == null ? artifact.regionBytes() : plan.bytes();
    }

    Artifact artifact() {
        return artifact;
    }

    @Override
    public IoLayout io() {
        return tensors.layout();
    }

    IoTensors tensors() {
        return tensors;
    }

    /** Address of the weights in host memory. */
    long payload() {
        return plan == null ? payload : plan.payload();
    }

    /** A range for one loaded copy, with its initializers bound; load engine's thread. */
    Range acquireRange() throws OrtException {
        final Range idle = idleRanges.poll();
        return idle != null ? idle : new Range();
    }

    /** Keeps a range for the next LOAD, which takes one with a session first; load engine's thread. */
    void releaseRange(final Range range) {
        if (isClosed) {
            range.close();
        } else if (range.session != null) {
            idleRanges.addFirst(range);
        } else {
            idleRanges.addLast(range);
        }
    }

    /** Idempotent. The caller makes sure that no device holds the model, so no engine looks at it any more. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        idleRanges.forEach(Range::close);
        idleRanges.clear();
        tensors.close();
        if (plan != null) {
            plan.close(memory);
        } else if (artifact.payloadBytes() > 0) {
            memory.free(NativeMemory.Tag.HOST_WEIGHTS, payload, artifact.payloadBytes());
        }
        onClose.accept(this);
    }

    /**
     * The address range of one loaded copy and everything that ONNX Runtime knows by address in it. The model's first keeps
     * its session, and with it what that has packed, in host memory: weights are at the same addresses after each LOAD. What
     * other copies pack takes the place of pages, and goes at UNLOAD with the session.
     */
    final class Range implements AutoCloseable {
        private final long address;
        private final boolean keepsSession;
        private OrtSession session;
        private final ByteBuffer bytes;
        private final List<OnnxTensor> tensors = new ArrayList<>();
        private final SessionOptions options;

        private Range() throws OrtException {
            address = pageMemory.reserveRange(pages);
            keepsSession = !hasKeptSession;
            hasKeptSession = true;
            bytes = plan == null && artifact.runtimeFormat() ? Posix.view(address, artifact.regionBytes()) : null;
            if (plan != null) {
                options = null;
                return;
            }
            options = runtime.onDevice(artifact.runtimeFormat()
                ? runtime.runtimeFormatOptions() : runtime.skeletonOptions(artifact.prepacked()));
            try {
                for (final Binding binding : artifact.bindings()) {
                    final long from = (binding.packed() ? payload : address) + binding.offset();
                    final OnnxTensor tensor = runtime.tensor(from, binding.bytes(), binding.shape(), binding.type());
                    tensors.add(tensor);
                    options.addInitializer(binding.name(), tensor);
                }
            } catch (final OrtException e) {
                close();
                throw e;
            }
        }

        long address() {
            return address;
        }

        /** First byte of the memory that is lent to ONNX Runtime's packed weights. */
        long lentAddress() {
            return address + lentFrom(artifact);
        }

        /** Bytes lent; 0 if nothing is packed, or not in the place of pages. */
        long lentBytes() {
            return plan != null || keepsSession ? 0 : CpuModel.lentBytes(artifact);
        }

        /** What executes the bytes that lie in the range; null for a plan. */
        OrtSession session() {
            return session;
        }

        /** Makes a session over the bytes that lie in the range now, unless one was kept. */
        void openSession() throws OrtException {
            if (plan != null || session != null) {
                return;
            }
            if (bytes == null) {
                session = runtime.session(skeleton, options);
            } else {
                bytes.rewind();
                session = runtime.session(bytes, options);
            }
        }

        /** Ends the session, unless it is kept. */
        void leaveSession() throws OrtException {
            if (!keepsSession) {
                closeSession();
            }
        }

        private void closeSession() throws OrtException {
            final OrtSession ending = session;
            session = null;
            if (ending != null) {
                runtime.close(ending);
            }
        }

        @Override
        public void close() {
            try {
                closeSession();
            } catch (final OrtException e) {
                throw new IllegalStateException("a session can't be closed: " + e.getMessage(), e);
            }
            if (options != null) {
                options.close();
            }
            tensors.forEach(runtime::close);
            tensors.clear();
            pageMemory.releaseRange(address, pages);
        }
    }
}
