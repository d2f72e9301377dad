package org.clockwork.model.onnx;

import ai.onnx.proto.OnnxMl;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A neural net that is built layer by layer and written as an ONNX file with made-up weights. Each method adds one layer and
 * returns its value. Single-threaded.
 *
 * <p>Weights are uniform and scaled to the estimated moments of their input, so that each convolution and dense layer gives
 * values of mean 0 and variance 1. A part of its own mean is taken out of each filter: without that, deep nets of ReLUs give
 * nearly the same answer to every input; without the rest, rounding errors would grow from layer to layer.
 */
public final class Net {
    private static final double EPSILON = 1e-5;
    /** Part of the squared mean of the input that a convolution's filters leave out. */
    private static final double MEAN_REMOVED = 0.5;
    private static final int IMAGE_RANK = 3;
    private static final int MIN_CHANNELS_TO_CENTRE = 4;
    private static final double SPREAD = 0.1;
    /** Part of a value's variance that is between channels and not within the image of one; as found in deep layers. */
    private static final double OF_CHANNEL = 0.6;

    private final OnnxGraph graph;
    private final int largestImage;

    /** An empty net; the seed makes the weights. */
    public Net(final String name, final long seed) {
        this(name, seed, Integer.MAX_VALUE);
    }

    /** The same where images that come in have so many rows and columns at most, whatever is asked for. */
    public Net(final String name, final long seed, final int largestImage) {
        graph = new OnnxGraph(name, seed);
        this.largestImage = largestImage;
    }

    /** Numbers learned by training: what is published as the number of parameters. */
    public long parameters() {
        return graph.elements(Weights.Kind.PARAMETER);
    }

    /** Numbers kept but not learned: statistics of batch normalisations, and scales that are fixed at 1. */
    public long buffers() {
        return graph.elements(Weights.Kind.BUFFER);
    }

    /** Nodes of the graph. */
    public int nodes() {
        return graph.nodes();
    }

    /** Writes the file; it appears complete or not at all. */
    public void write(final Path file) throws IOException {
        graph.write(file);
    }

    /** Writes the file's bytes. */
    public void write(final OutputStream stream) throws IOException {
        graph.write(stream);
    }

    /** An input of the net, expected to have mean 0 and variance 1. */
    public Value input(final String name, final Integer... shape) {
        final List<Integer> dims = new ArrayList<>(Arrays.asList(shape));
        for (int axis = 1; dims.size() == IMAGE_RANK && axis < IMAGE_RANK; axis++) {
            dims.set(axis, Math.min(dims.get(axis), largestImage));
        }
        graph.input(name, dims);
        return new Value(name, dims, 0, 1);
    }

    /** Names a value as an output of the net. */
    public void output(final String name, final Value value) {
        graph.output(name, value);
    }

    /** A convolution. */
    public Value conv(final Value x, final Conv conv) {
        final int height = conv.outHeight(x.height());
        final int width = conv.outWidth(x.width());
        final int inputs = x.channels() / conv.groups();
        if (inputs * conv.groups() != x.channels() || conv.channels() % conv.groups() != 0 || height < 1 || width < 1) {
            throw new IllegalArgumentException(conv + " can't follow " + x);
        }
        final String name = graph.unique("Conv");
        final List<Long> dims = List.of((long) conv.channels(), (long) inputs, (long) conv.kernelH(), (long) conv.kernelW());
        final double fanIn = inputs * conv.kernelH() * conv.kernelW() * conv.coverage(x.height(), x.width());
        addFilters(name, x, dims, fanIn, conv.hasBias() ? conv.channels() : 0);
        graph.node("Conv", name, weightsAfter(x, name, conv.hasBias()),
            OnnxGraph.ints("kernel_shape", conv.kernelH(), conv.kernelW()),
            OnnxGraph.ints("strides", conv.stride(), conv.stride()),
            OnnxGraph.ints("pads", conv.padH(), conv.padW(), conv.padH(), conv.padW()),
            OnnxGraph.ints("dilations", conv.dilation(), conv.dilation()),
            OnnxGraph.integer("group", conv.groups()));
        return new Value(name, List.of(conv.channels(), height, width), 0, 1);
    }

    /** A transposed convolution, which makes the image {@code stride} times as large; kernel = 2 pad + stride. */
    public Value convTranspose(final Value x, final Conv conv) {
        if (conv.kernelH() != 2 * conv.padH() + conv.stride() || conv.kernelW() != 2 * conv.padW() + conv.stride()) {
            throw new IllegalArgumentException(conv + " does not scale an image by its stride");
        }
        final String name = graph.unique("ConvTranspose");
        final int outputs = conv.channels() / conv.groups();
        final List<Long> dims = List.of((long) x.channels(), (long) outputs, (long) conv.kernelH(), (long) conv.kernelW());
        final double fanIn = (double) x.channels() / conv.groups() * conv.kernelH() * conv.kernelW()
            / (conv.stride() * conv.stride());
        addFilters(name, x, dims, fanIn, conv.hasBias() ? conv.channels() : 0);
        graph.node("ConvTranspose", name, weightsAfter(x, name, conv.hasBias()),
            OnnxGraph.ints("kernel_shape", conv.kernelH(), conv.kernelW()),
            OnnxGraph.ints("strides", conv.stride(), conv.stride()),
            OnnxGraph.ints("pads", conv.padH(), conv.padW(), conv.padH(), conv.padW()),
            OnnxGraph.integer("group", conv.groups()));
        return new Value(name, List.of(conv.channels(), x.height() * conv.stride(), x.width() * conv.stride()), 0, 1);
    }

    /** A batch normalisation with its four statistics a channel, of which two are parameters. */
    public Value batchNorm(final Value x) {
        return batchNorm(x, EPSILON);
    }

    /** A batch normalisation with another epsilon. */
    public Value batchNorm(final Value x, final double epsilon) {
        return batchNorm(x, epsilon, Weights.Kind.PARAMETER);
    }

    /** A batch normalisation that only standardises: its scale is 1, its shift 0, and neither is learned. */
    public Value standardise(final Value x) {
        return batchNorm(x, EPSILON, Weights.Kind.BUFFER);
    }

    private Value batchNorm(final Value x, final double epsilon, final Weights.Kind learned) {
        final String name = graph.unique("BatchNormalization");
        final int channels = x.channels();
        final double variance = Math.max(x.variance(), 1e-3);
        final double deviation = StrictMath.sqrt(variance);
        final double spread = learned == Weights.Kind.PARAMETER ? SPREAD : 0;
        graph.node("BatchNormalization", name, List.of(x.name(),
            graph.add(Weights.range(name + ".gamma", learned, channels, 1 - spread, 1 + spread)),
            graph.add(Weights.range(name + ".beta", learned, channels, -spread, spread)),
            graph.add(Weights.range(name + ".mean", Weights.Kind.BUFFER, channels,
                x.mean() - SPREAD * deviation, x.mean() + SPREAD * deviation)),
            graph.add(Weights.range(name + ".variance", Weights.Kind.BUFFER, channels,
                variance * (1 - SPREAD), variance * (1 + SPREAD)))),
            OnnxGraph.real("epsilon", (float) epsilon));
        return new Value(name, x.shape(), 0, 1);
    }

    /** A dense layer over all elements of the value, or over the last dimension if it has only one. */
    public Value dense(final Value x, final int outputs, final boolean hasBias) {
        final Value flat = x.shape().size() == 1 ? x : flatten(x);
        final String name = graph.unique("Gemm");
        addFilters(name, flat, List.of((long) outputs, (long) flat.channels()), flat.channels(), hasBias ? outputs : 0);
        graph.node("Gemm", name, weightsAfter(flat, name, hasBias), OnnxGraph.integer("transB", 1));
        return new Value(name, List.of(outputs), 0, 1);
    }

    /** max(0, x). */
    public Value relu(final Value x) {
        return unary("Relu", x, Moments.reluMean(x), Moments.reluSquare(x));
    }

    /** min(6, max(0, x)). */
    public Value relu6(final Value x) {
        final String name = graph.unique("Clip");
        graph.node("Clip", name, List.of(x.name(), graph.add(Weights.scalar(name + ".min", 0)),
            graph.add(Weights.scalar(name + ".max", 6))));
        return new Value(name, x.shape(), Moments.reluMean(x), Moments.reluSquare(x));
    }

    /** 1 / (1 + exp(-x)). */
    public Value sigmoid(final Value x) {
        return unary("Sigmoid", x, 0.5, 0.29);
    }

    /** min(1, max(0, x / 6 + 1 / 2)). */
    public Value hardSigmoid(final Value x) {
        return unary("HardSigmoid", x, 0.5, 0.28, OnnxGraph.real("alpha", 1.0f / 6), OnnxGraph.real("beta", 0.5f));
    }

    /** x times {@link #hardSigmoid}. */
    public Value hardSwish(final Value x) {
        return unary("HardSwish", x, x.mean() / 2 + x.variance() / 6, x.square() / 4 + x.variance() / 12);
    }

    /** Softmax along an axis that counts without the batch. */
    public Value softmax(final Value x, final int axis) {
        final double share = 1.0 / x.shape().get(axis);
        return unary("Softmax", x, share, Math.min(share, share * share * 2), OnnxGraph.integer("axis", axis + 1));
    }

    /** Largest of each window. */
    public Value maxPool(final Value x, final int kernel, final int stride, final int pad) {
        return maxPool(x, kernel, stride, pad, false);
    }

    /** Largest of each window; {@code isCeil}: windows that stick out at the end count. */
    public Value maxPool(final Value x, final int kernel, final int stride, final int pad, final boolean isCeil) {
        final double mean = x.mean() + StrictMath.sqrt(x.variance());
        return pool("MaxPool", x, kernel, stride, pad, isCeil, mean, mean * mean + x.variance());
    }

    /** Mean of each window, zeros of the padding included. */
    public Value avgPool(final Value x, final int kernel, final int stride, final int pad) {
        return avgPool(x, kernel, stride, pad, false, true);
    }

    /** Mean of each window. */
    public Value avgPool(final Value x, final int kernel, final int stride, final int pad, final boolean isCeil,
        final boolean isPaddingCounted) {
        return pool("AveragePool", x, kernel, stride, pad, isCeil, x.mean(), averaged(x, kernel * kernel),
            OnnxGraph.integer("count_include_pad", isPaddingCounted ? 1 : 0));
    }

    /** Mean of the whole image: a value of channels x 1 x 1. */
    public Value globalAvgPool(final Value x) {
        final String name = graph.unique("GlobalAveragePool");
        graph.node("GlobalAveragePool", name, List.of(x.name()));
        return new Value(name, List.of(x.channels(), 1, 1), x.mean(), averaged(x, x.height() * x.width()));
    }

    /** Sum of values of one shape. */
    public Value add(final Value a, final Value b) {
        requireSame(a, b);
        final double mean = a.mean() + b.mean();
        return binary("Add", a, b, a.shape(), mean, a.variance() + b.variance() + mean * mean);
    }

    /** Product; {@code b} may have 1 x 1 where {@code a} has an image. */
    public Value mul(final Value a, final Value b) {
        return binary("Mul", a, b, a.shape(), a.mean() * b.mean(), a.square() * b.square());
    }

    /** Values one after the other along the channels. */
    public Value concat(final List<Value> values) {
        int channels = 0;
        double mean = 0;
        double square = 0;
        for (final Value value : values) {
            if (!value.shape().subList(1, value.shape().size()).equals(values.get(0).shape().subList(1, value.shape().size()))) {
                throw new IllegalArgumentException("can't be joined: " + values);
            }
            channels += value.channels();
            mean += value.mean() * value.channels();
            square += value.square() * value.channels();
        }
        final String name = graph.unique("Concat");
        graph.node("Concat", name, values.stream().map(Value::name).toList(), OnnxGraph.integer("axis", 1));
        final List<Integer> shape = new ArrayList<>(values.get(0).shape());
        shape.set(0, channels);
        return new Value(name, shape, mean / channels, square / channels);
    }

    /** Channels {@code from} up to and without {@code to}. */
    public Value channels(final Value x, final int from, final int to) {
        final String name = graph.unique("Slice");
        graph.node("Slice", name, List.of(x.name(), graph.add(Weights.integers(name + ".starts", from)),
            graph.add(Weights.integers(name + ".ends", to)), graph.add(Weights.integers(name + ".axes", 1))));
        final List<Integer> shape = new ArrayList<>(x.shape());
        shape.set(0, to - from);
        return new Value(name, shape, x.mean(), x.square());
    }

    /** The same elements in another shape. */
    public Value reshape(final Value x, final Integer... shape) {
        final String name = graph.unique("Reshape");
        final long[] dims = new long[shape.length + 1];
        dims[0] = -1;
        Arrays.setAll(dims, i -> i == 0 ? -1 : shape[i - 1]);
        graph.node("Reshape", name, List.of(x.name(), graph.add(Weights.integers(name + ".shape", dims))));
        final Value reshaped = new Value(name, Arrays.asList(shape), x.mean(), x.square());
        if (reshaped.elements() != x.elements()) {
            throw new IllegalArgumentException(x + " can't have the shape " + reshaped.shape());
        }
        return reshaped;
    }

    /** All elements in one dimension. */
    public Value flatten(final Value x) {
        final String name = graph.unique("Flatten");
        graph.node("Flatten", name, List.of(x.name()), OnnxGraph.integer("axis", 1));
        return new Value(name, List.of(x.elements()), x.mean(), x.square());
    }

    /** Dimensions in another order, counted without the batch. */
    public Value transpose(final Value x, final int... order) {
        final long[] permutation = new long[order.length + 1];
        Arrays.setAll(permutation, i -> i == 0 ? 0 : order[i - 1] + 1);
        final String name = graph.unique("Transpose");
        graph.node("Transpose", name, List.of(x.name()), OnnxGraph.ints("perm", permutation));
        return new Value(name, Arrays.stream(order).mapToObj(x.shape()::get).toList(), x.mean(), x.square());
    }

    /** Sum along an axis, counted without the batch, which goes away. */
    public Value sum(final Value x, final int axis) {
        final String name = graph.unique("ReduceSum");
        graph.node("ReduceSum", name, List.of(x.name(), graph.add(Weights.integers(name + ".axes", axis + 1))),
            OnnxGraph.integer("keepdims", 0));
        final List<Integer> shape = new ArrayList<>(x.shape());
        final int count = shape.remove(axis);
        final double mean = x.mean() * count;
        return new Value(name, shape, mean, x.variance() * count + mean * mean);
    }

    /** Channels become pixels: an image {@code scale} times as large in both directions. */
    public Value pixelShuffle(final Value x, final int scale) {
        final String name = graph.unique("DepthToSpace");
        graph.node("DepthToSpace", name, List.of(x.name()), OnnxGraph.integer("blocksize", scale), mode("CRD"));
        return new Value(name, List.of(x.channels() / (scale * scale), x.height() * scale, x.width() * scale),
            x.mean(), x.square());
    }

    private static OnnxMl.AttributeProto mode(final String mode) {
        return OnnxMl.AttributeProto.newBuilder().setName("mode").setType(OnnxMl.AttributeProto.AttributeType.STRING)
            .setS(com.google.protobuf.ByteString.copyFromUtf8(mode)).build();
    }

    private Value unary(final String operator, final Value x, final double mean, final double square,
        final OnnxMl.AttributeProto... attributes) {
        final String name = graph.unique(operator);
        graph.node(operator, name, List.of(x.name()), attributes);
        return new Value(name, x.shape(), mean, square);
    }

    private Value binary(final String operator, final Value a, final Value b, final List<Integer> shape, final double mean,
        final double square) {
        final String name = graph.unique(operator);
        graph.node(operator, name, List.of(a.name(), b.name()));
        return new Value(name, shape, mean, square);
    }

    private Value pool(final String operator, final Value x, final int kernel, final int stride, final int pad,
        final boolean isCeil, final double mean, final double square, final OnnxMl.AttributeProto... more) {
        final String name = graph.unique(operator);
        final List<OnnxMl.AttributeProto> attributes = new ArrayList<>(List.of(OnnxGraph.ints("kernel_shape", kernel, kernel),
            OnnxGraph.ints("strides", stride, stride), OnnxGraph.ints("pads", pad, pad, pad, pad),
            OnnxGraph.integer("ceil_mode", isCeil ? 1 : 0)));
        attributes.addAll(Arrays.asList(more));
        graph.node(operator, name, List.of(x.name()), attributes.toArray(OnnxMl.AttributeProto[]::new));
        return new Value(name, List.of(x.channels(), pooled(x.height(), kernel, stride, pad, isCeil),
            pooled(x.width(), kernel, stride, pad, isCeil)), mean, square);
    }

    private static int pooled(final int size, final int kernel, final int stride, final int pad, final boolean isCeil) {
        final int span = size + 2 * pad - kernel + (isCeil ? stride - 1 : 0);
        final int out = span / stride + 1;
        return isCeil && (out - 1) * stride >= size + pad ? out - 1 : out;
    }

    /** Mean square after a mean over {@code count} neighbours: what sets one channel off from the others remains. */
    private static double averaged(final Value x, final int count) {
        return x.mean() * x.mean() + x.variance() * (OF_CHANNEL + (1 - OF_CHANNEL) / count);
    }

    /** Filters and bias of a layer; {@code fanIn}: products that make one output. */
    private void addFilters(final String name, final Value x, final List<Long> dims, final double fanIn, final int biases) {
        final long rowLength = dims.stream().skip(1).reduce(1L, (a, b) -> a * b);
        final double removed = dims.size() == 2 ? 1 : dims.get(1) < MIN_CHANNELS_TO_CENTRE ? 0 : MEAN_REMOVED;
        final double power = Math.max(x.square() - removed * x.mean() * x.mean(), 1e-6);
        final double bound = StrictMath.sqrt(3 / (fanIn * power));
        graph.add(Weights.filters(name + ".weight", dims, bound, rowLength > 1 ? 1 - StrictMath.sqrt(1 - removed) : 0));
        if (biases > 0) {
            graph.add(Weights.range(name + ".bias", Weights.Kind.PARAMETER, biases, -SPREAD, SPREAD));
        }
    }

    private static List<String> weightsAfter(final Value x, final String name, final boolean hasBias) {
        return hasBias ? List.of(x.name(), name + ".weight", name + ".bias") : List.of(x.name(), name + ".weight");
    }

    private static void requireSame(final Value a, final Value b) {
        if (!a.shape().equals(b.shape())) {
            throw new IllegalArgumentException("shapes differ: " + a + " and " + b);
        }
    }
}
