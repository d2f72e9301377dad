package org.clockwork.device.cpu;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clockwork.compiler.Dimensions;
import org.clockwork.device.ElementType;

/** Runs a model on zeros in memory of its own, to see its output shapes and what it costs. Used by the compiling thread. */
final class Probe implements AutoCloseable {
    private final OrtRuntime runtime;
    private final NativeMemory memory;
    private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    private final List<long[]> allocations = new ArrayList<>();
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

    /** Zeros for a batch. */
    Probe(final OrtRuntime runtime, final NativeMemory memory, final List<Dimensions.Input> specs, final int batchSize)
            throws OrtException {
        this.runtime = runtime;
        this.memory = memory;
        try {
            for (final Dimensions.Input spec : specs) {
                final long[] shape = Arrays.stream(spec.shape()).map(d -> d < 0 ? batchSize : d).toArray();
                final ElementType type = ElementTypes.ofFile(spec.onnxType());
                final long bytes = Arrays.stream(shape).reduce(type.bytes(), Math::multiplyExact);
                final long address = memory.allocate(NativeMemory.Tag.HOST_BUFFERS, bytes);
                allocations.add(new long[] {address, bytes});
                inputs.put(spec.name(), runtime.tensor(address, bytes, shape, ElementTypes.toRuntime(type)));
            }
        } catch (final OrtException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Shapes of all outputs, in their order; an empty list if an output is no tensor. */
    List<TensorInfo> outputs(final OrtSession session) throws OrtException {
        final List<TensorInfo> infos = new ArrayList<>();
        try (OrtSession.Result result = session.run(inputs)) {
            for (final Map.Entry<String, OnnxValue> entry : result) {
                if (!(entry.getValue().getInfo() instanceof TensorInfo info)) {
                    return List.of();
                }
                infos.add(info);
            }
        }
        return infos;
    }

    /** CPU time of one run: the machine may be busy with other things meanwhile. */
    long cpuNs(final OrtSession session) throws OrtException {
        final long startNs = threads.getCurrentThreadCpuTime();
        session.run(inputs).close();
        return threads.getCurrentThreadCpuTime() - startNs;
    }

    @Override
    public void close() {
        inputs.values().forEach(runtime::close);
        inputs.clear();
        allocations.forEach(a -> memory.free(NativeMemory.Tag.HOST_BUFFERS, a[0], a[1]));
        allocations.clear();
    }
}
