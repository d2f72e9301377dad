package org.clockwork.onednn;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.clockwork.compiler.Plan;
import org.clockwork.device.ModelException;

/**
 * A model ready to run: for each of some batch sizes, calls that are made once. Its weights lie wherever
 * {@link #bind} said last. Made by the compiling thread, then used by the executing one.
 */
public final class OneDnnModel implements AutoCloseable {
    /** Changes whenever the same plans lay their weights out in another way than before. */
    public static final int LAYOUT_VERSION = 2;

    private final OneDnn library;
    private final Layouts layouts;
    private final int[] batchSizes;
    private final List<Call[]> programs = new ArrayList<>();
    private final int[] programOf;
    private long workspaceBytes;
    private long bound;
    private Thread thread;
    private boolean isClosed;

    /**
     * Makes all primitives.
     *
     * @param plans of one model and precision, by rising batch size.
     */
    public OneDnnModel(final OneDnn library, final List<Plan> plans, final Places places) throws ModelException {
        this.library = library;
        batchSizes = plans.stream().mapToInt(Plan::batchSize).toArray();
        layouts = new Layouts(library);
        library.enterThread();
        try {
            for (final Plan plan : plans) {
                final ProgramBuilder builder = new ProgramBuilder(library, plan, places, layouts);
                programs.add(builder.build().toArray(Call[]::new));
                workspaceBytes = Math.max(workspaceBytes, builder.workspaceBytes());
            }
        } catch (final ModelException | RuntimeException e) {
            close();
            throw e;
        }
        programOf = new int[batchSizes[batchSizes.length - 1] + 1];
        for (int size = 0, program = 0; size < programOf.length; size++) {
            program += size > batchSizes[program] ? 1 : 0;
            programOf[size] = program;
        }
    }

    /** Bytes of the weights as {@link #layOut} writes them. */
    public long weightsBytes() {
        return layouts.bytes();
    }

    /** Bytes of the workspace that the largest batch uses. */
    public long workspaceBytes() {
        return workspaceBytes;
    }

    /** The batch size that is executed for this one: the smallest there is a plan for. */
    public int executedBatch(final int batchSize) {
        return batchSizes[programOf[batchSize]];
    }

    /** Writes the weights to an address at a multiple of 64. */
    public void layOut(final long address) {
        library.enterThread();
        layouts.fill(address);
    }

    /** Lets go of the model's file: after this nothing can be laid out any more. */
    public void forgetSources() {
        layouts.forgetSources();
    }

    /** Executes a batch, with the weights that lie at an address. */
    public void run(final int batchSize, final long weights) {
        if (Thread.currentThread() != thread) {
            library.enterThread();
            thread = Thread.currentThread();
        }
        if (weights != bound) {
            bind(weights);
        }
        final Call[] calls = programs.get(programOf[batchSize]);
        for (final Call call : calls) {
            call.run();
        }
    }

    private void bind(final long weights) {
        layouts.bind(weights);
        for (int i = 0; i < programs.size(); i++) {
            for (final Call call : programs.get(i)) {
                call.bind(weights);
            }
        }
        bound = weights;
    }

    /** All plans, and what computes their steps, for people. */
    public String text() {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < batchSizes.length; i++) {
            final Map<String, Integer> counts = new TreeMap<>();
            for (final Call call : programs.get(i)) {
                counts.merge(call.description(), 1, Integer::sum);
            }
            text.append("batch=").append(batchSizes[i]).append(' ').append(counts).append('\n');
        }
        return text.toString();
    }

    /** How many steps of the plan for a batch are left to oneDNN's slow reference code. */
    public long referenceSteps() {
        long count = 0;
        for (final Call[] calls : programs) {
            for (final Call call : calls) {
                count += call.description().contains("ref") ? 1 : 0;
            }
        }
        return count;
    }

    /** Frees all primitives; idempotent. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        for (final Call[] calls : programs) {
            for (final Call call : calls) {
                call.close();
            }
        }
        programs.clear();
        layouts.close();
    }
}
