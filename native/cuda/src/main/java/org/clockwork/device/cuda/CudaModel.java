package org.clockwork.device.cuda;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.clockwork.device.Device;
import org.clockwork.device.TensorSpec;
import org.clockwork.device.engine.EngineModel;
import org.clockwork.device.engine.IoLayout;

/**
 * A model ready for LOAD: weights in pinned host memory, and for each GPU its programs and the address ranges that its LOADs
 * have used. Immutable but for the ranges, which are the load engines'; closed when no device holds the model.
 */
final class CudaModel implements EngineModel {
    private final List<TensorSpec> inputs;
    private final List<TensorSpec> outputs;
    private final IoLayout io;
    private final long weightsAddress;
    private final long weightsBytes;
    private final List<OnGpu> onGpus;
    private final int[] programOf;
    private final String engine;
    private final Consumer<CudaModel> onClose;
    private boolean isClosed;

    /** What a model has on one GPU. */
    static final class OnGpu {
        private final Program[] programs;
        private final int pages;
        private long[] idleRanges = new long[1];
        private int idleCount;

        /** By rising batch size; none on a GPU that was lost before. */
        OnGpu(final List<Program> programs, final int pages) {
            this.programs = programs.toArray(Program[]::new);
            this.pages = pages;
        }

        /** Addresses for one loaded copy; load engine's thread. */
        long acquireRange() throws CudaException {
            return idleCount > 0 ? idleRanges[--idleCount] : PageMemory.reserveRange(pages);
        }

        /** Keeps addresses for the next LOAD; load engine's thread. */
        void releaseRange(final long range) {
            if (idleCount == idleRanges.length) {
                idleRanges = Arrays.copyOf(idleRanges, 2 * idleCount);
            }
            idleRanges[idleCount++] = range;
        }

        void close() {
            while (idleCount > 0) {
                try {
                    PageMemory.releaseRange(idleRanges[--idleCount], pages);
                } catch (final CudaException e) {
                    // addresses of a lost device are of no use to anybody
                    continue;
                }
            }
            for (final Program program : programs) {
                program.close();
            }
        }
    }

    /** Takes over the weights and what is on the GPUs; tells {@code onClose} when it is closed. */
    CudaModel(final List<TensorSpec> inputs, final List<TensorSpec> outputs, final IoLayout io, final long weightsAddress,
        final long weightsBytes, final List<OnGpu> onGpus, final String engine, final Consumer<CudaModel> onClose) {
        this.inputs = inputs;
        this.outputs = outputs;
        this.io = io;
        this.weightsAddress = weightsAddress;
        this.weightsBytes = weightsBytes;
        this.onGpus = List.copyOf(onGpus);
        this.engine = engine;
        this.onClose = onClose;
        final Program[] programs = onGpus.stream().map(onGpu -> onGpu.programs).filter(list -> list.length > 0).findFirst()
            .orElseThrow();
        programOf = new int[programs[programs.length - 1].batchSize() + 1];
        for (int size = 0, program = 0; size < programOf.length; size++) {
            program += size > programs[program].batchSize() ? 1 : 0;
            programOf[size] = program;
        }
    }

    /** Pages for so many bytes of weights. */
    static int pages(final long bytes) {
        return Math.toIntExact(Math.max(1, (bytes + Device.PAGE_BYTES - 1) / Device.PAGE_BYTES));
    }

    @Override
    public List<TensorSpec> inputs() {
        return inputs;
    }

    @Override
    public List<TensorSpec> outputs() {
        return outputs;
    }

    @Override
    public long weightsBytes() {
        return weightsBytes;
    }

    @Override
    public int pages() {
        return pages(weightsBytes);
    }

    @Override
    public int maxBatch() {
        return programOf.length - 1;
    }

    @Override
    public String engine() {
        return engine;
    }

    @Override
    public IoLayout io() {
        return io;
    }

    /** Address of the weights in host memory. */
    long weightsAddress() {
        return weightsAddress;
    }

    OnGpu onGpu(final int gpu) {
        return onGpus.get(gpu);
    }

    /** What executes a batch: the program of the smallest size that holds it. */
    Program program(final int gpu, final int batchSize) {
        return onGpus.get(gpu).programs[programOf[batchSize]];
    }

    /** Idempotent. The caller makes sure that no device holds the model, so no engine looks at it any more. */
    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            onClose.accept(this);
        }
    }
}
