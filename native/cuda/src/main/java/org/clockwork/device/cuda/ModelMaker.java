package org.clockwork.device.cuda;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.clockwork.compiler.Dimensions;
import org.clockwork.compiler.OnnxReader;
import org.clockwork.compiler.Plan;
import org.clockwork.compiler.PlanCompiler;
import org.clockwork.compiler.View;
import org.clockwork.device.ElementType;
import org.clockwork.device.InputTransform;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;
import org.clockwork.device.ModelOptions;
import org.clockwork.device.ModelSource;
import org.clockwork.device.TensorSpec;
import org.clockwork.device.engine.IoLayout;

/**
 * Makes models ready for LOAD: plans for some batch sizes, programs of them for each GPU, weights in pinned memory. Used by
 * the compiling thread; it puts no work into any GPU.
 */
final class ModelMaker {
    /** Of each tensor in an I/O slot. */
    private static final int IO_ALIGNMENT = 256;

    private final List<Gpu> gpus;
    private final HostMemory host;
    private final CudaBackend.Context context;

    /** What a request and an answer look like, and the plans of all batch sizes. */
    private record Shape(List<TensorSpec> inputs, List<TensorSpec> outputs, int maxBatch) {
    }

    ModelMaker(final List<Gpu> gpus, final HostMemory host, final CudaBackend.Context context) {
        this.gpus = gpus;
        this.host = host;
        this.context = context;
    }

    CudaModel make(final ModelSource source, final Consumer<CudaModel> onClose) throws ModelException {
        final ModelOptions options = source.options();
        if (options.precision() != null && options.precision() != ElementType.FLOAT32) {
            throw new ModelException(Reason.COMPILE_FAILED, "The CUDA device computes in 32-bit floats, not in "
                + options.precision() + '.');
        }
        final Dimensions.Fixed fixed = Dimensions.fix(
            OnnxReader.read(source.file(), context.maxFileBytes()), source.dimensions());
        final PlanCompiler compiler = new PlanCompiler(fixed, options.transform());
        final Shape shape = shape(fixed, compiler, options.transform(), Math.min(source.maxBatch(), context.maxBatch()));
        final IoLayout io = new IoLayout(shape.inputs, shape.outputs, IO_ALIGNMENT);
        final List<Plan> plans = new ArrayList<>();
        for (final int batch : batches(io.largestBatch(shape.maxBatch, context.inputBytes(), context.outputBytes()))) {
            plans.add(compiler.plan(batch, ElementType.FLOAT32));
        }
        final WeightsLayout layout = new WeightsLayout();
        final List<Gpu> working = working();
        final List<List<Program>> programs = programs(source, working, plans, io, layout);
        long address = 0;
        try {
            working.get(0).enter();
            final int pages = requirePages(layout.bytes());
            address = host.allocate(Math.max(1, layout.bytes()));
            layout.fill(address);
            final List<CudaModel.OnGpu> onGpus = gpus.stream().map(gpu -> new CudaModel.OnGpu(
                working.contains(gpu) ? programs.get(working.indexOf(gpu)) : List.of(), pages)).toList();
            final long weights = address;
            return new CudaModel(shape.inputs, shape.outputs, io, address, layout.bytes(), onGpus,
                engine(working.get(0), programs.get(0)),
                model -> {
                    onGpus.forEach(CudaModel.OnGpu::close);
                    onClose.accept(model);
                    free(weights);
                });
        } catch (final ModelException | RuntimeException e) {
            close(programs, address);
            throw e;
        } catch (final CudaException e) {
            close(programs, address);
            throw new ModelException(Reason.COMPILE_FAILED, "There is no pinned memory for the weights: bytes=" + layout.bytes()
                + ' ' + e.getMessage(), e);
        }
    }

    /** A GPU that was lost gets no programs: nothing is loaded there any more. */
    private List<Gpu> working() throws ModelException {
        final List<Gpu> working = gpus.stream().filter(Gpu::enterIfItWorks).toList();
        if (working.isEmpty()) {
            throw new ModelException(Reason.COMPILE_FAILED, "There is no GPU that works any more.");
        }
        return working;
    }

    private void close(final List<List<Program>> programs, final long address) {
        programs.forEach(list -> list.forEach(Program::close));
        if (address != 0) {
            free(address);
        }
    }

    private void free(final long address) {
        try {
            host.free(address);
        } catch (final CudaException e) {
            context.errorHandler().onError(e);
        }
    }

    private int requirePages(final long bytes) throws ModelException {
        final int pages = CudaModel.pages(bytes);
        for (final Gpu gpu : gpus) {
            if (pages > gpu.pages().pages()) {
                throw new ModelException(Reason.TOO_LARGE, "The weights take " + pages + " pages; the device has "
                    + gpu.pages().pages());
            }
        }
        return pages;
    }

    private String engine(final Gpu gpu, final List<Program> programs) {
        final String what = gpu.fingerprint();
        return what + (context.isEmulated() ? " (emulated)" : "") + " fp32 " + programs.get(0).text();
    }

    /** Powers of two, and the largest: what lies between is executed as the next larger one. */
    private static int[] batches(final int maxBatch) {
        final List<Integer> batches = new ArrayList<>();
        for (int batch = 1; batch < maxBatch; batch *= 2) {
            batches.add(batch);
        }
        batches.add(maxBatch);
        return batches.stream().mapToInt(Integer::intValue).toArray();
    }

    /** For each GPU that works, and for as many of the plans as its workspace takes. */
    private List<List<Program>> programs(final ModelSource source, final List<Gpu> working, final List<Plan> plans,
        final IoLayout io, final WeightsLayout layout) throws ModelException {
        final List<List<Program>> all = new ArrayList<>();
        working.forEach(gpu -> all.add(new ArrayList<>()));
        final Map<String, AlgorithmChoices> choices = new HashMap<>();
        working.forEach(gpu -> choices.computeIfAbsent(gpu.fingerprint(), kind ->
            AlgorithmChoices.read(file(source, kind), kind, plans, context.errorHandler())));
        try {
            for (final Plan plan : plans) {
                for (int i = 0; i < all.size(); i++) {
                    working.get(i).enter();
                    all.get(i).add(new ProgramBuilder(working.get(i), plan, io, layout,
                        choices.get(working.get(i).fingerprint())).build());
                }
            }
        } catch (final CudaException e) {
            close(all, 0);
            throw new ModelException(Reason.COMPILE_FAILED, "The GPU can't be used: " + e.getMessage(), e);
        } catch (final ModelException e) {
            final int complete = all.get(all.size() - 1).size();
            if (e.reason() != Reason.TOO_LARGE || complete == 0) {
                close(all, 0);
                throw e;
            }
            // larger batches than the workspace takes are not offered
            for (final List<Program> list : all) {
                while (list.size() > complete) {
                    list.remove(list.size() - 1).close();
                }
            }
        }
        return all;
    }

    private Path file(final ModelSource source, final String kindOfGpu) {
        final CRC32C crc = new CRC32C();
        crc.update(kindOfGpu.getBytes(StandardCharsets.UTF_8));
        return context.cacheDirectory().resolve(source.key() + '.' + Long.toHexString(crc.getValue()) + ".algorithms");
    }

    /** As the CPU device sees models: a first dimension of 1 in all tensors is the batch. */
    private static Shape shape(final Dimensions.Fixed fixed, final PlanCompiler compiler,
        final InputTransform transform, final int wanted) throws ModelException {
        final Plan one = compiler.plan(1, ElementType.FLOAT32);
        final boolean isLeading = fixed.inputs().stream().allMatch(i -> i.shape().length > 0 && Math.abs(i.shape()[0]) == 1)
            && one.outputs().stream().allMatch(view -> view.rank() > 0 && view.dims()[0] == 1);
        final boolean grows = isLeading && fixed.batched() && wanted > 1 && growsWithBatch(compiler, one);
        try {
            final List<TensorSpec> inputs = new ArrayList<>();
            for (int i = 0; i < one.inputs().size(); i++) {
                inputs.add(spec(fixed.inputs().get(i).name(), one.inputs().get(i), transform, isLeading));
            }
            final List<TensorSpec> outputs = new ArrayList<>();
            for (int i = 0; i < one.outputs().size(); i++) {
                outputs.add(spec(fixed.model().getGraph().getOutput(i).getName(), one.outputs().get(i), null, isLeading));
            }
            return new Shape(inputs, outputs, grows ? wanted : 1);
        } catch (final ArithmeticException e) {
            throw new ModelException(Reason.TOO_LARGE, "A tensor of one request is larger than 2 GiB.", e);
        }
    }

    /** A graph may say that its batch is open and still be written for one request: then it is served one at a time. */
    private static boolean growsWithBatch(final PlanCompiler compiler, final Plan one) {
        try {
            final Plan two = compiler.plan(2, ElementType.FLOAT32);
            boolean grows = true;
            for (int i = 0; i < one.outputs().size(); i++) {
                final long[] expected = one.outputs().get(i).dims().clone();
                expected[0] = 2;
                grows &= Arrays.equals(expected, two.outputs().get(i).dims());
            }
            return grows;
        } catch (final ModelException e) {
            return false;
        }
    }

    /** Bytes of an image lie as its transform says. */
    private static TensorSpec spec(final String name, final View view, final InputTransform transform, final boolean isLeading) {
        final long[] d = view.dims();
        final boolean isTurned = view.type() == ElementType.UINT8 && transform != null && transform.isChannelsLast();
        return new TensorSpec(name, view.type(), Arrays.stream(isTurned ? new long[] {d[0], d[2], d[3], d[1]} : d)
            .skip(isLeading ? 1 : 0).mapToObj(Math::toIntExact).toList());
    }
}
