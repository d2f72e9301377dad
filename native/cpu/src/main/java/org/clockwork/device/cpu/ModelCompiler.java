package org.clockwork.device.cpu;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.TensorInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.clockwork.compiler.Dimensions;
import org.clockwork.compiler.OnnxReader;
import org.clockwork.compiler.PixelInput;
import org.clockwork.device.ElementType;
import org.clockwork.device.InputTransform;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;
import org.clockwork.device.ModelSource;
import org.clockwork.device.TensorSpec;

/**
 * Turns a model file into an artifact on disk: fixes its dimensions, lets ONNX Runtime optimise it once, lays its
 * weights out and measures whether packing them pays. One compiling thread at a time.
 */
final class ModelCompiler {
    /** Changes when artifacts of an older build can't be used any more. */
    private static final String FORMAT = "1";
    static final String WORK_PREFIX = "compile-";
    private static final Pattern WORK_DIRECTORY = Pattern.compile(WORK_PREFIX + "(\\d{1,18})-.*");
    private static final String PLAIN_FILE = "fixed.onnx";
    private static final String WEIGHTS_FILE = "weights.bin";
    private static final String SMALLEST_EXTERNAL_BYTES = "256";
    private static final int PROBE_BATCH = 4;
    /** Ratios this near to the threshold are measured for longer. */
    private static final double CLOSE = 1.15;
    private static final int MIN_RUNS = 3;
    private static final int MAX_RUNS = 20;
    private static final long ENOUGH_NS = 300_000_000L;
    /** Packing costs time at each LOAD: it must save at least this share of an execution. */
    private static final double PACKING_PAYS = 1.2;

    private final OrtRuntime runtime;
    private final NativeMemory memory;
    private final Path cacheDirectory;
    private final long maxFileBytes;
    private final long inputLimit;
    private final String environment;

    ModelCompiler(final OrtRuntime runtime, final NativeMemory memory, final Path cacheDirectory, final long maxFileBytes,
        final long inputLimit) {
        this.runtime = runtime;
        this.memory = memory;
        this.cacheDirectory = cacheDirectory;
        this.maxFileBytes = maxFileBytes;
        this.inputLimit = inputLimit;
        environment = FORMAT + ' ' + runtime.version() + ' ' + Processor.fingerprint();
    }

    String environment() {
        return environment;
    }

    /** Deletes what compilations of processes that are gone have left. */
    void clearLeftovers() throws IOException {
        final List<Path> directories;
        try (Stream<Path> files = Files.list(cacheDirectory)) {
            directories = files.toList();
        }
        for (final Path directory : directories) {
            final Matcher matcher = WORK_DIRECTORY.matcher(directory.getFileName().toString());
            if (matcher.matches() && ProcessHandle.of(Long.parseLong(matcher.group(1))).isEmpty()) {
                delete(directory);
            }
        }
    }

    /** Writes the artifact of a source to {@code target}, or leaves nothing behind. */
    void compile(final ModelSource source, final Path target) throws ModelException {
        try (Mappings mappings = new Mappings(memory)) {
            compile(source, target, mappings);
        } finally {
            memory.posix().trim();
        }
    }

    private void compile(final ModelSource source, final Path target, final Mappings mappings) throws ModelException {
        final ModelProto model = OnnxReader.read(source.file(), maxFileBytes, mappings::add);
        final InputTransform transform = source.options().transform();
        final Dimensions.Fixed asInFile = Dimensions.fix(model, source.dimensions());
        final Dimensions.Fixed fixed = transform == null ? asInFile : PixelInput.rewrite(asInFile, transform);
        checkInputs(fixed);
        Path work = null;
        try {
            work = Files.createTempDirectory(cacheDirectory, WORK_PREFIX + ProcessHandle.current().pid() + '-');
            final Path plain = work.resolve(PLAIN_FILE);
            try (OutputStream out = Files.newOutputStream(plain)) {
                fixed.model().writeTo(out);
            }
            build(source, fixed, work, target, mappings);
        } catch (final OrtException e) {
            throw OrtRuntime.refusal(e);
        } catch (final IOException e) {
            throw new ModelException(Reason.COMPILE_FAILED, "The compiled model could not be written: " + e.getMessage(), e);
        } catch (final ArithmeticException e) {
            throw new ModelException(Reason.TOO_LARGE, "A tensor of the model is larger than 2 GiB.", e);
        } catch (final RuntimeException e) {
            throw new ModelException(Reason.COMPILE_FAILED, "The model could not be compiled: " + e, e);
        } finally {
            delete(work);
        }
    }

    /** Before any memory is taken for them. */
    private void checkInputs(final Dimensions.Fixed fixed) throws ModelException {
        for (final Dimensions.Input input : fixed.inputs()) {
            if (ElementTypes.ofFile(input.onnxType()) == null) {
                throw new ModelException(Reason.COMPILE_FAILED,
                    "Input '" + input.name() + "' has an element type that is not served: onnxType=" + input.onnxType());
            }
        }
        if (requestBytes(fixed) > inputLimit) {
            throw new ModelException(Reason.TOO_LARGE, "One request does not fit the device's I/O slot: inputBytes="
                + requestBytes(fixed) + " of " + inputLimit);
        }
    }

    private static double requestBytes(final Dimensions.Fixed fixed) {
        double bytes = 0;
        for (final Dimensions.Input input : fixed.inputs()) {
            final double elements = Arrays.stream(input.shape()).asDoubleStream().map(Math::abs).reduce(1, (a, b) -> a * b);
            bytes += elements * ElementTypes.ofFile(input.onnxType()).bytes();
        }
        return bytes;
    }

    private void build(final ModelSource source, final Dimensions.Fixed fixed, final Path work, final Path target,
        final Mappings mappings) throws OrtException, IOException, ModelException {
        final Path plain = work.resolve(PLAIN_FILE);
        final Path skeletonFile = work.resolve("skeleton.onnx");
        final Path weightsFile = work.resolve(WEIGHTS_FILE);
        final Shape shape;
        try (SessionOptions options = runtime.options(true)) {
            options.setOptimizationLevel(SessionOptions.OptLevel.ALL_OPT);
            options.setOptimizedModelFilePath(skeletonFile.toString());
            options.addConfigEntry("session.optimized_model_external_initializers_file_name", WEIGHTS_FILE);
            options.addConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", SMALLEST_EXTERNAL_BYTES);
            final OrtSession session = runtime.session(plain, options);
            try {
                shape = shape(session, fixed, source.maxBatch());
            } finally {
                runtime.close(session);
            }
        }
        final ModelProto optimised = ModelProto.parseFrom(Files.readAllBytes(skeletonFile));
        if (WeightsLayout.hasInnerGraphs(optimised.getGraph())) {
            writeRuntimeFormat(source, shape, work, target, mappings);
            return;
        }
        final ByteBuffer weights = Files.exists(weightsFile) ? mappings.map(weightsFile) : ByteBuffer.allocate(0);
        final WeightsLayout layout = WeightsLayout.plan(optimised, weights);
        final long bytes = layout.totalBytes();
        final long payload = memory.allocate(NativeMemory.Tag.HOST_WEIGHTS, Math.max(1, bytes));
        try {
            final ByteBuffer view = Posix.view(payload, bytes);
            layout.fill(view);
            final boolean prepacked = layout.packableBytes() > 0 && packingPays(layout, payload, fixed, shape.maxBatch);
            final Artifact artifact = new Artifact(source.maxBatch(), shape.maxBatch, shape.batched, false, prepacked,
                layout.regionBytes(prepacked), layout.packedBytes(prepacked), bytes, shape.inputs, shape.outputs,
                layout.bindings(prepacked));
            ArtifactFile.write(target, work, environment, artifact, layout.skeleton(), view);
        } finally {
            memory.free(NativeMemory.Tag.HOST_WEIGHTS, payload, Math.max(1, bytes));
        }
    }

    /** Models whose operators hold graphs: the whole model in ONNX Runtime's format, its bytes used in place. */
    private void writeRuntimeFormat(final ModelSource source, final Shape shape, final Path work, final Path target,
        final Mappings mappings) throws OrtException, IOException {
        final Path file = work.resolve("model.ort");
        try (SessionOptions options = runtime.options(false)) {
            options.setOptimizationLevel(SessionOptions.OptLevel.ALL_OPT);
            options.addConfigEntry("session.save_model_format", "ORT");
            options.setOptimizedModelFilePath(file.toString());
            runtime.close(runtime.session(work.resolve(PLAIN_FILE), options));
        }
        final ByteBuffer payload = mappings.map(file);
        final Artifact artifact = new Artifact(source.maxBatch(), shape.maxBatch, shape.batched, true, false,
            payload.remaining(), 0, payload.remaining(), shape.inputs, shape.outputs, List.of());
        ArtifactFile.write(target, work, environment, artifact, new byte[0], payload);
    }

    private boolean packingPays(final WeightsLayout layout, final long payload, final Dimensions.Fixed fixed,
        final int maxBatch) throws OrtException {
        try (Candidate plain = new Candidate(layout, payload, false); Candidate packed = new Candidate(layout, payload, true)) {
            for (final int batch : new int[] {1, Math.min(PROBE_BATCH, maxBatch)}) {
                try (Probe probe = new Probe(runtime, memory, fixed.inputs(), batch)) {
                    if (isFaster(probe, packed.session, plain.session)) {
                        return true;
                    }
                }
            }
            return false;
        }
    }

    /** Compares the fastest runs of each, taken in turn: what else the machine does can only make a run slower. */
    private static boolean isFaster(final Probe probe, final OrtSession packed, final OrtSession plain) throws OrtException {
        probe.cpuNs(packed);
        probe.cpuNs(plain);
        long packedNs = Long.MAX_VALUE;
        long plainNs = Long.MAX_VALUE;
        long total = 0;
        for (int run = 0; run < MIN_RUNS || run < MAX_RUNS && total < ENOUGH_NS && isClose(plainNs, packedNs); run++) {
            final long p = probe.cpuNs(packed);
            final long q = probe.cpuNs(plain);
            packedNs = Math.min(packedNs, p);
            plainNs = Math.min(plainNs, q);
            total += p + q;
        }
        return plainNs > packedNs * PACKING_PAYS;
    }

    private static boolean isClose(final long plainNs, final long packedNs) {
        final double ratio = (double) plainNs / packedNs;
        return ratio > PACKING_PAYS / CLOSE && ratio < PACKING_PAYS * CLOSE;
    }

    /** A session over a payload in host memory, with or without packing. */
    private final class Candidate implements AutoCloseable {
        private final List<OnnxTensor> tensors = new ArrayList<>();
        private final OrtSession session;

        Candidate(final WeightsLayout layout, final long payload, final boolean prepack) throws OrtException {
            try (SessionOptions options = runtime.skeletonOptions(prepack)) {
                for (final Binding binding : layout.bindings(prepack)) {
                    final long address = payload + binding.offset();
                    final OnnxTensor tensor = runtime.tensor(address, binding.bytes(), binding.shape(), binding.type());
                    tensors.add(tensor);
                    options.addInitializer(binding.name(), tensor);
                }
                session = runtime.session(layout.skeleton(), options);
            } catch (final OrtException e) {
                tensors.forEach(runtime::close);
                throw e;
            }
        }

        @Override
        public void close() throws OrtException {
            runtime.close(session);
            tensors.forEach(runtime::close);
        }
    }

    /** What a request and an answer look like, and whether they come in batches. */
    private record Shape(boolean batched, int maxBatch, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    }

    private Shape shape(final OrtSession session, final Dimensions.Fixed fixed, final int requestedMaxBatch)
            throws OrtException, ModelException {
        final List<String> names = List.copyOf(session.getOutputInfo().keySet());
        final List<TensorInfo> one = outputs(session, fixed, 1);
        if (one.isEmpty()) {
            throw new ModelException(Reason.COMPILE_FAILED, "An output of the model is no tensor.");
        }
        final boolean leading = fixed.inputs().stream().allMatch(i -> i.shape().length > 0 && Math.abs(i.shape()[0]) == 1)
            && one.stream().allMatch(o -> o.getShape().length > 0 && o.getShape()[0] == 1);
        final boolean grows = leading && fixed.batched() && requestedMaxBatch > 1 && growsWithBatch(session, fixed, one);
        final List<TensorSpec> inputs = fixed.inputs().stream()
            .map(i -> spec(i.name(), ElementTypes.ofFile(i.onnxType()), i.shape(), leading)).toList();
        final List<TensorSpec> outputs = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            final ElementType type = ElementTypes.ofRuntime(one.get(i).type);
            if (type == null) {
                throw new ModelException(Reason.COMPILE_FAILED,
                    "Output '" + names.get(i) + "' has an element type that is not served: " + one.get(i).type);
            }
            outputs.add(spec(names.get(i), type, one.get(i).getShape(), leading));
        }
        return new Shape(leading, grows ? requestedMaxBatch : 1, inputs, outputs);
    }

    private List<TensorInfo> outputs(final OrtSession session, final Dimensions.Fixed fixed, final int batch)
            throws OrtException {
        try (Probe probe = new Probe(runtime, memory, fixed.inputs(), batch)) {
            return probe.outputs(session);
        }
    }

    /** A graph may say that its batch is open and still be written for one request: then it is served one at a time. */
    private boolean growsWithBatch(final OrtSession session, final Dimensions.Fixed fixed, final List<TensorInfo> one) {
        try {
            final List<TensorInfo> two = outputs(session, fixed, 2);
            return IntStream.range(0, one.size()).allMatch(i -> {
                final long[] expected = one.get(i).getShape().clone();
                expected[0] = 2;
                return Arrays.equals(expected, two.get(i).getShape());
            });
        } catch (final OrtException e) {
            return false;
        }
    }

    private static TensorSpec spec(final String name, final ElementType type, final long[] shape, final boolean leading) {
        return new TensorSpec(name, type,
            Arrays.stream(shape).skip(leading ? 1 : 0).mapToObj(d -> Math.toIntExact(Math.abs(d))).toList());
    }

    static void delete(final Path directory) {
        if (directory == null) {
            return;
        }
        try (Stream<Path> files = Files.list(directory)) {
            for (final Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(directory);
        } catch (final IOException e) {
            // only disk space is lost; the next start of the worker clears it
            return;
        }
    }
}
