package org.clockwork.onednn;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.agrona.BufferUtil;
import org.clockwork.compiler.Plan;
import org.clockwork.compiler.View;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;

/** Memory for one model, its inputs from seeds, and ONNX Runtime's answers beside its own. */
final class Bench implements Places, AutoCloseable {
    private static final int ALIGNMENT = 64;
    private static final int LINE = 32;
    private static final int WORKSPACE = 256 << 20;

    final OneDnnModel model;
    final long weights;
    private final Plan largest;
    private final List<ByteBuffer> kept = new ArrayList<>();
    private final List<ByteBuffer> inputs = new ArrayList<>();
    private final List<ByteBuffer> outputs = new ArrayList<>();
    private final ByteBuffer workspace;
    private final int workspaceBytes;

    Bench(final OneDnn library, final List<Plan> plans) throws ModelException {
        this(library, plans, WORKSPACE);
    }

    Bench(final OneDnn library, final List<Plan> plans, final int workspaceBytes) throws ModelException {
        this.workspaceBytes = workspaceBytes;
        largest = plans.get(plans.size() - 1);
        largest.inputs().forEach(view -> inputs.add(allocate(view.elements() * view.type().bytes())));
        largest.outputs().forEach(view -> outputs.add(allocate(view.elements() * view.type().bytes())));
        workspace = allocate(workspaceBytes);
        model = new OneDnnModel(library, plans, this);
        weights = BufferUtil.address(allocate(model.weightsBytes()));
        model.layOut(weights);
    }

    private ByteBuffer allocate(final long bytes) {
        final ByteBuffer whole = ByteBuffer.allocateDirect((int) bytes + 2 * ALIGNMENT);
        kept.add(whole);
        return whole.alignedSlice(ALIGNMENT).order(ByteOrder.nativeOrder());
    }

    @Override
    public long input(final int batchSize, final int index) {
        return BufferUtil.address(inputs.get(index));
    }

    @Override
    public long output(final int batchSize, final int index) {
        return BufferUtil.address(outputs.get(index));
    }

    @Override
    public long workspace() {
        return BufferUtil.address(workspace);
    }

    @Override
    public long workspaceBytes() {
        return workspaceBytes;
    }

    /** Noise of mean 0 and variance 1; for integers the ids, mask and types of a transformer. */
    void fill(final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < inputs.size(); i++) {
            final ByteBuffer to = inputs.get(i).clear();
            final ElementType type = largest.inputs().get(i).type();
            while (to.remaining() >= type.bytes()) {
                if (type == ElementType.FLOAT32) {
                    to.putFloat((float) ((random.nextDouble() * 2 - 1) * Math.sqrt(3)));
                } else {
                    final int number = i == 0 ? random.nextInt(30_000) : i == 1 && random.nextInt(8) > 0 ? 1 : 0;
                    if (type == ElementType.INT64) {
                        to.putLong(number);
                    } else {
                        to.putInt(number);
                    }
                }
            }
            to.clear();
        }
    }

    /** Pictures of lines of what looks like letters, dark on white: noise holds no text to be found. */
    void fillWithLines(final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final long[] dims = largest.inputs().get(0).dims();
        final int rows = (int) dims[2];
        final int columns = (int) dims[3];
        final FloatBuffer to = inputs.get(0).clear().asFloatBuffer();
        for (int image = 0; image < dims[0]; image++) {
            final boolean[] isDark = new boolean[rows * columns];
            for (int top = LINE / 4; top + LINE / 2 < rows; top += LINE) {
                for (int left = LINE / 4; left + LINE / 2 < columns - random.nextInt(columns / 2); left += LINE / 2) {
                    for (int stroke = 0; stroke < 3; stroke++) {
                        final boolean isUpright = random.nextBoolean();
                        final int across = random.nextInt(LINE / 2 - 4);
                        for (int i = 0; i < LINE / 2 * 3; i++) {
                            final int along = i / 3;
                            final int row = top + (isUpright ? along : across + i % 3);
                            final int column = left + (isUpright ? across + i % 3 : along);
                            isDark[row * columns + column] = along < LINE / 2 - 2;
                        }
                    }
                }
            }
            for (int channel = 0; channel < dims[1]; channel++) {
                for (final boolean dark : isDark) {
                    to.put(dark ? -2 : 2);
                }
            }
        }
    }

    void run(final int batchSize) {
        model.run(batchSize, weights);
    }

    /** The answers of the last run. */
    float[][] answers(final Plan plan) {
        final float[][] answers = new float[outputs.size()][];
        for (int i = 0; i < answers.length; i++) {
            answers[i] = new float[(int) plan.outputs().get(i).elements()];
            outputs.get(i).clear().asFloatBuffer().get(answers[i]);
        }
        return answers;
    }

    /** ONNX Runtime's answers to the same inputs. */
    float[][] expected(final OrtSession session, final Plan plan) throws OrtException {
        final OrtEnvironment environment = OrtEnvironment.getEnvironment();
        final Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        int index = 0;
        for (final String name : session.getInputNames()) {
            final View view = plan.inputs().get(index);
            final ByteBuffer bytes = inputs.get(index).clear().limit((int) view.elements() * view.type().bytes()).slice()
                .order(ByteOrder.nativeOrder());
            tensors.put(name, switch (view.type()) {
                case FLOAT32 -> OnnxTensor.createTensor(environment, bytes.asFloatBuffer(), view.dims());
                case INT64 -> OnnxTensor.createTensor(environment, bytes.asLongBuffer(), view.dims());
                default -> OnnxTensor.createTensor(environment, bytes.asIntBuffer(), view.dims());
            });
            index++;
        }
        try (OrtSession.Result result = session.run(tensors)) {
            final float[][] answers = new float[outputs.size()][];
            for (int i = 0; i < answers.length; i++) {
                final FloatBuffer values = ((OnnxTensor) result.get(i)).getFloatBuffer();
                answers[i] = new float[values.remaining()];
                values.get(answers[i]);
            }
            return answers;
        } finally {
            tensors.values().forEach(OnnxTensor::close);
        }
    }

    /** Largest difference as a part of the largest number. */
    static double distance(final float[] a, final float[] b) {
        if (a.length != b.length) {
            return Double.POSITIVE_INFINITY;
        }
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(b[i]));
            final double apart = Math.abs((double) a[i] - b[i]);
            difference = Double.isNaN(apart) ? Double.POSITIVE_INFINITY : Math.max(difference, apart);
        }
        return difference / largest;
    }

    @Override
    public void close() {
        model.close();
    }
}
