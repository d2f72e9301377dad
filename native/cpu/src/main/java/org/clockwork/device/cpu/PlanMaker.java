package org.clockwork.device.cpu;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.compiler.Dimensions;
import org.clockwork.compiler.OnnxReader;
import org.clockwork.compiler.Op;
import org.clockwork.compiler.PixelInput;
import org.clockwork.compiler.Plan;
import org.clockwork.compiler.PlanCompiler;
import org.clockwork.compiler.PostOp;
import org.clockwork.compiler.Step;
import org.clockwork.compiler.View;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;
import org.clockwork.device.ModelSource;
import org.clockwork.onednn.OneDnn;
import org.clockwork.onednn.OneDnnModel;
import org.clockwork.onednn.Places;

/**
 * Makes plans for models and checks them: before a plan runs a model, its answers to made-up inputs are compared with
 * ONNX Runtime's. Used by the compiling thread; it touches nothing that the device executes on meanwhile.
 */
final class PlanMaker {
    private static final String SUFFIX = ".plan";
    private static final int CHECK_SEED = 20;
    private static final int LARGEST_CHECKED_ID = 50;

    private final OneDnn library;
    private final OrtRuntime runtime;
    private final NativeMemory memory;
    private final IoSlot slot;
    private final long workspace;
    private final CpuBackend.Context context;
    private final Path folder;
    private final String environment;

    PlanMaker(final OneDnn library, final OrtRuntime runtime, final NativeMemory memory, final IoSlot slot, final long workspace,
        final CpuBackend.Context context, final Path folder) {
        this.library = library;
        this.runtime = runtime;
        this.memory = memory;
        this.slot = slot;
        this.workspace = workspace;
        this.context = context;
        this.folder = folder;
        environment = "plan " + Plan.VERSION + '.' + OneDnnModel.LAYOUT_VERSION + ' ' + library.version() + ' '
            + Processor.fingerprint();
    }

    /**
     * The plans of a model, ready to run.
     *
     * @param artifact what ONNX Runtime found out about it.
     * @param io       where its tensors are in the slot.
     * @param maxBatch largest batch to prepare for.
     * @throws ModelException saying why no plan can run it.
     */
    PlanRun make(final ModelSource source, final Artifact artifact, final IoTensors io,
        final int maxBatch) throws ModelException {
        try (Mappings mappings = new Mappings(memory)) {
            return make(source, artifact, io, maxBatch, mappings);
        } finally {
            memory.posix().trim();
        }
    }

    private PlanRun make(final ModelSource source, final Artifact artifact, final IoTensors io, final int maxBatch,
        final Mappings mappings) throws ModelException {
        final ElementType precision = context.precision(source.options());
        if (precision == ElementType.BFLOAT16 && !library.hasBfloat16()) {
            throw new ModelException(Reason.COMPILE_FAILED, "This processor does not compute with BFLOAT16: "
                + library.version());
        }
        final Dimensions.Fixed fixed =
            Dimensions.fix(OnnxReader.read(source.file(), context.maxFileBytes(), mappings::add), source.dimensions());
        final PlanCompiler compiler = new PlanCompiler(fixed, source.options().transform());
        final List<Plan> plans = new ArrayList<>();
        for (final int batch : batches(maxBatch)) {
            plans.add(compiler.plan(batch, precision));
        }
        requireSameTensors(artifact, plans.get(plans.size() - 1));
        final long before = Processor.residentBytes();
        final OneDnnModel program = new OneDnnModel(library, plans, new SlotPlaces(io));
        final long primitives = Math.max(0, Processor.residentBytes() - before);
        try {
            final Path file = folder.resolve(source.key() + '.' + precision + SUFFIX);
            ArtifactFile.Content content = read(file, source, program, plans);
            if (content == null) {
                write(file, source, fixed, artifact, program.weightsBytes(), plans);
                content = read(file, source, program, plans);
            }
            if (content == null) {
                throw new ModelException(Reason.COMPILE_FAILED, "The plan could not be read back: " + file);
            }
            final String error = new String(content.skeleton(), StandardCharsets.UTF_8).split("\n")[0];
            final long bytes = program.weightsBytes();
            final long payload = bytes == 0 ? 0
                : memory.mapFile(NativeMemory.Tag.HOST_WEIGHTS, file, content.payloadOffset(), bytes);
            program.forgetSources();
            final String engine = precision == ElementType.BFLOAT16 ? "onednn/bf16 " : "onednn/fp32 ";
            return new PlanRun(program, payload, bytes, primitives,
                engine + error + " against ONNX Runtime's fp32; oneDNN " + library.version());
        } catch (final ModelException | RuntimeException e) {
            program.close();
            throw e;
        }
    }

    /** Powers of two, and the largest: what lies between is executed as the next larger one. */
    static int[] batches(final int maxBatch) {
        final List<Integer> batches = new ArrayList<>();
        for (int batch = 1; batch < maxBatch; batch *= 2) {
            batches.add(batch);
        }
        batches.add(maxBatch);
        return batches.stream().mapToInt(Integer::intValue).toArray();
    }

    private static void requireSameTensors(final Artifact artifact, final Plan plan) throws ModelException {
        boolean isSame = plan.inputs().size() == artifact.inputs().size() && plan.outputs().size() == artifact.outputs().size();
        for (int i = 0; isSame && i < plan.inputs().size(); i++) {
            final View view = plan.inputs().get(i);
            isSame = view.type() == artifact.inputs().get(i).type()
                && view.elements() == (long) plan.batchSize() * artifact.inputs().get(i).elements();
        }
        for (int i = 0; isSame && i < plan.outputs().size(); i++) {
            final View view = plan.outputs().get(i);
            isSame = view.type() == artifact.outputs().get(i).type()
                && view.elements() == (long) plan.batchSize() * artifact.outputs().get(i).elements();
        }
        if (!isSame) {
            throw new ModelException(Reason.COMPILE_FAILED, "Inputs or outputs of the plan are not those of the model.");
        }
    }

    private ArtifactFile.Content read(final Path file, final ModelSource source, final OneDnnModel program,
        final List<Plan> plans) {
        final ArtifactFile.Content content = ArtifactFile.read(file, environment, source.maxBatch());
        final boolean isOfThesePlans = content != null && content.artifact().payloadBytes() == program.weightsBytes()
            && new String(content.skeleton(), StandardCharsets.UTF_8).endsWith('\n' + checksums(plans));
        return isOfThesePlans ? content : null;
    }

    private static String checksums(final List<Plan> plans) {
        return Arrays.toString(plans.stream().mapToLong(Plan::checksum).toArray());
    }

    private void write(final Path file, final ModelSource source, final Dimensions.Fixed fixed, final Artifact artifact,
        final long bytes, final List<Plan> plans) throws ModelException {
        final long weights = memory.allocate(NativeMemory.Tag.HOST_WEIGHTS, Math.max(1, bytes));
        Path work = null;
        try {
            final String error = check(source, fixed, plans, weights, bytes);
            work = Files.createTempDirectory(folder, ModelCompiler.WORK_PREFIX + ProcessHandle.current().pid() + '-');
            final Artifact plan = new Artifact(source.maxBatch(), artifact.maxBatch(), artifact.batched(), false, false, bytes, 0,
                bytes, artifact.inputs(), artifact.outputs(), List.of());
            ArtifactFile.write(file, work, environment, plan, (error + '\n' + checksums(plans)).getBytes(StandardCharsets.UTF_8),
                Posix.view(weights, bytes));
        } catch (final IOException e) {
            throw new ModelException(Reason.COMPILE_FAILED, "The plan could not be written: " + e.getMessage(), e);
        } catch (final OrtException e) {
            throw OrtRuntime.refusal(e);
        } finally {
            ModelCompiler.delete(work);
            memory.free(NativeMemory.Tag.HOST_WEIGHTS, weights, Math.max(1, bytes));
        }
    }

    /** Lays the weights out and compares the smallest and the largest batch with ONNX Runtime, in memory of its own. */
    private String check(final ModelSource source, final Dimensions.Fixed fixed, final List<Plan> plans, final long weights,
        final long bytes) throws OrtException, ModelException {
        double worst = 0;
        try (OwnPlaces places = new OwnPlaces(plans);
            OneDnnModel program = new OneDnnModel(library, plans, places);
            OrtSession.SessionOptions options = runtime.options(true)) {
            if (program.weightsBytes() != bytes) {
                throw new ModelException(Reason.COMPILE_FAILED, "The layout of the weights is not the same each time.");
            }
            program.layOut(weights);
            final OrtSession session = reference(source, fixed, options);
            try {
                for (final Plan plan : List.of(plans.get(0), plans.get(plans.size() - 1))) {
                    places.fill(plan);
                    program.run(plan.batchSize(), weights);
                    worst = Math.max(worst, places.distance(session, plan));
                }
            } finally {
                runtime.close(session);
            }
        }
        final String error = String.format(Locale.ROOT, "error=%.1e", worst);
        final double tolerance = context.planTolerance(plans.get(0).precision());
        if (!(worst <= tolerance)) {
            throw new ModelException(Reason.COMPILE_FAILED, "The plan's answers are not ONNX Runtime's: " + error
                + " tolerance=" + tolerance);
        }
        return error;
    }

    /** The file itself, in a session; with operators in front that make floats of bytes if there is a transform. */
    private OrtSession reference(final ModelSource source, final Dimensions.Fixed fixed,
        final OrtSession.SessionOptions options) throws OrtException, ModelException {
        if (source.options().transform() == null) {
            return runtime.session(source.file(), options);
        }
        return runtime.session(PixelInput.rewrite(fixed, source.options().transform()).model().toByteArray(), options);
    }

    /** The device's own memory. */
    private final class SlotPlaces implements Places {
        private final IoTensors io;

        SlotPlaces(final IoTensors io) {
            this.io = io;
        }

        @Override
        public long input(final int batchSize, final int index) {
            return slot.inputAddress() + io.layout().inputs().offset(batchSize, index);
        }

        @Override
        public long output(final int batchSize, final int index) {
            return slot.outputAddress() + io.layout().outputs().offset(batchSize, index);
        }

        @Override
        public long workspace() {
            return workspace;
        }

        @Override
        public long workspaceBytes() {
            return context.workspaceBytes();
        }
    }

    /** Memory for the check. */
    private final class OwnPlaces implements Places, AutoCloseable {
        private final List<long[]> allocations = new ArrayList<>();
        private final long[] inputs;
        private final long[] outputs;
        private final long checkWorkspace;

        OwnPlaces(final List<Plan> plans) {
            final Plan largest = plans.get(plans.size() - 1);
            inputs = largest.inputs().stream().mapToLong(this::allocate).toArray();
            outputs = largest.outputs().stream().mapToLong(this::allocate).toArray();
            checkWorkspace = memory.reserve(NativeMemory.Tag.WORKSPACE, workspaceBytes(), Posix.PROT_READ | Posix.PROT_WRITE);
        }

        private long allocate(final View view) {
            final long bytes = view.elements() * view.type().bytes();
            final long address = memory.allocate(NativeMemory.Tag.HOST_BUFFERS, bytes);
            allocations.add(new long[] {address, bytes});
            return address;
        }

        @Override
        public long input(final int batchSize, final int index) {
            return inputs[index];
        }

        @Override
        public long output(final int batchSize, final int index) {
            return outputs[index];
        }

        @Override
        public long workspace() {
            return checkWorkspace;
        }

        @Override
        public long workspaceBytes() {
            return context.workspaceBytes();
        }

        /** Noise of mean 0 and variance 1; small integers. */
        void fill(final Plan plan) {
            final SplittableRandom random = new SplittableRandom(CHECK_SEED);
            for (int i = 0; i < inputs.length; i++) {
                final View view = plan.inputs().get(i);
                final UnsafeBuffer to = new UnsafeBuffer(inputs[i], Math.toIntExact(view.elements() * view.type().bytes()));
                for (int at = 0; at < to.capacity(); at += view.type().bytes()) {
                    if (view.type() == ElementType.UINT8) {
                        to.putByte(at, (byte) random.nextInt());
                    } else if (view.type() == ElementType.FLOAT32) {
                        to.putFloat(at, (float) ((random.nextDouble() * 2 - 1) * StrictMath.sqrt(3)));
                    } else if (view.type() == ElementType.INT64) {
                        to.putLong(at, i == 0 ? random.nextInt(LARGEST_CHECKED_ID) : i == 1 ? 1 : 0);
                    } else {
                        to.putInt(at, i == 0 ? random.nextInt(LARGEST_CHECKED_ID) : i == 1 ? 1 : 0);
                    }
                }
            }
        }

        /** Largest difference of an output to ONNX Runtime's as a part of its largest number. */
        double distance(final OrtSession session, final Plan plan) throws OrtException {
            final Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
            final List<String> names = List.copyOf(session.getInputNames());
            double worst = 0;
            try {
                for (int i = 0; i < inputs.length; i++) {
                    final View view = plan.inputs().get(i);
                    tensors.put(names.get(i), runtime.tensor(inputs[i], view.elements() * view.type().bytes(), wireDims(view),
                        ElementTypes.toRuntime(view.type())));
                }
                try (OrtSession.Result result = session.run(tensors)) {
                    for (int i = 0; i < outputs.length; i++) {
                        final ByteBuffer expected = ((OnnxTensor) result.get(i)).getByteBuffer();
                        worst = Math.max(worst, distance(new UnsafeBuffer(expected), outputs[i], isProbability(plan, i)));
                    }
                }
            } finally {
                tensors.values().forEach(runtime::close);
            }
            return worst;
        }

        /** As the tensor lies in the request: an image whose pixels come one after the other has its channels last. */
        private static long[] wireDims(final View view) {
            final long[] d = view.dims();
            return view.isPlain() || !view.isChannelsLast() ? d : new long[] {d[0], d[2], d[3], d[1]};
        }

        /** Whether each number of an output is one: noise may well make all of them next to nothing. */
        private static boolean isProbability(final Plan plan, final int output) {
            boolean isProbability = false;
            for (final Step step : plan.steps()) {
                if (step.output().storage() == plan.outputs().get(output).storage()) {
                    Op last = step.op();
                    for (final PostOp postOp : step.postOps()) {
                        last = postOp instanceof PostOp.Apply apply ? apply.unary() : null;
                    }
                    isProbability = last instanceof Op.Unary unary && unary.function() == Op.Function.SIGMOID;
                }
            }
            return isProbability;
        }

        private static double distance(final UnsafeBuffer expected, final long address, final boolean isProbability) {
            final UnsafeBuffer answer = new UnsafeBuffer(address, expected.capacity());
            double largest = isProbability ? 1 : Float.MIN_NORMAL;
            double difference = 0;
            for (int at = 0; at < expected.capacity(); at += Float.BYTES) {
                largest = Math.max(largest, Math.abs(expected.getFloat(at)));
                final double apart = Math.abs((double) expected.getFloat(at) - answer.getFloat(at));
                difference = Double.isNaN(apart) ? Double.POSITIVE_INFINITY : Math.max(difference, apart);
            }
            return difference / largest;
        }

        @Override
        public void close() {
            allocations.forEach(a -> memory.free(NativeMemory.Tag.HOST_BUFFERS, a[0], a[1]));
            memory.free(NativeMemory.Tag.WORKSPACE, checkWorkspace, workspaceBytes());
        }
    }
}
