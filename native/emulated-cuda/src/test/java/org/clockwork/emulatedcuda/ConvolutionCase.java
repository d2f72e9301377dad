package org.clockwork.emulatedcuda;

import java.util.Arrays;
import java.util.Random;

/** A convolution of random numbers, by plain loops. */
record ConvolutionCase(
    int n, int c, int h, int w, int k, int r, int s, int pad, int stride, int dilation, int groups, float[] input,
    float[] filter, float[] output) {
    /** Sizes in this order: n, c, h, w, k, r, s, pad, stride, dilation, groups. */
    static ConvolutionCase of(final String sizes) {
        final int[] v = Arrays.stream(sizes.split(" +")).mapToInt(Integer::parseInt).toArray();
        final int outputs = v[0] * v[4] * size(v[2], v[7], v[5], v[9], v[8]) * size(v[3], v[7], v[6], v[9], v[8]);
        final ConvolutionCase made = new ConvolutionCase(
            v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], random(1, v[0] * v[1] * v[2] * v[3]),
            random(2, v[4] * (v[1] / v[10]) * v[5] * v[6]), new float[outputs]);
        made.forEachProduct((out, in, at) -> made.output[out] += made.input[in] * made.filter[at]);
        return made;
    }

    int outH() {
        return size(h, pad, r, dilation, stride);
    }

    int outW() {
        return size(w, pad, s, dilation, stride);
    }

    float[] transposed(final float[] dy) {
        final float[] dx = new float[input.length];
        forEachProduct((out, in, at) -> dx[in] += dy[out] * filter[at]);
        return dx;
    }

    static float[] random(final long seed, final int number) {
        final Random random = new Random(seed);
        final float[] values = new float[number];
        for (int i = 0; i < number; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }

    private static int size(final int in, final int pad, final int window, final int dilation, final int stride) {
        return 1 + (in + 2 * pad - (window - 1) * dilation - 1) / stride;
    }

    private void forEachProduct(final Product product) {
        final int perGroup = c / groups;
        for (int out = 0; out < output.length; out++) {
            final int column = out % outW();
            final int row = out / outW() % outH();
            final int channel = out / (outW() * outH()) % k;
            final int image = out / (outW() * outH() * k);
            for (int at = 0; at < perGroup * r * s; at++) {
                final int y = row * stride - pad + at / s % r * dilation;
                final int x = column * stride - pad + at % s * dilation;
                final int from = channel / (k / groups) * perGroup + at / (r * s);
                if (y >= 0 && y < h && x >= 0 && x < w) {
                    product.visit(out, ((image * c + from) * h + y) * w + x, channel * perGroup * r * s + at);
                }
            }
        }
    }

    /** Indices of an output, and of the input and the filter's number that go into it. */
    interface Product {
        void visit(int out, int in, int at);
    }
}
