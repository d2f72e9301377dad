package org.clockwork.emulatedcuda;

import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.jcudnn.JCudnn.cudnnActivationForward;
import static jcuda.jcudnn.JCudnn.cudnnAddTensor;
import static jcuda.jcudnn.JCudnn.cudnnConvolutionBackwardData;
import static jcuda.jcudnn.JCudnn.cudnnConvolutionBiasActivationForward;
import static jcuda.jcudnn.JCudnn.cudnnConvolutionForward;
import static jcuda.jcudnn.JCudnn.cudnnCreateLRNDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolution2dForwardOutputDim;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionForwardAlgorithm_v7;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionForwardWorkspaceSize;
import static jcuda.jcudnn.JCudnn.cudnnGetErrorString;
import static jcuda.jcudnn.JCudnn.cudnnGetVersion;
import static jcuda.jcudnn.JCudnn.cudnnPoolingForward;
import static jcuda.jcudnn.JCudnn.cudnnSetTensor4dDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSoftmaxForward;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnLRNDescriptor;
import jcuda.jcudnn.cudnnTensorDescriptor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** cuDNN's functions on the stand-ins compute what plain loops do, in both layouts, and refuse what does not fit. */
final class DnnTest {
    private static final int BAD_PARAM = 2000;
    private static final int NOT_SUPPORTED = 3000;
    private static final Pointer ONE = Pointer.to(new float[] {1});
    private static final Pointer ZERO = Pointer.to(new float[] {0});
    private static final int[] ALGORITHMS = {0, 1, 2, 3, 4, 5, 6, 7};

    @BeforeEach
    void prepare() {
        Driver.prepare();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "1 3 9 8 5 3 3 1 1 1 1",
        "2 4 7 7 6 1 1 0 1 1 1",
        "2 4 7 9 6 1 1 0 2 1 1",
        "1 6 11 10 8 5 3 2 2 1 2",
        "3 4 12 12 4 3 3 2 1 2 4",
        "1 40 17 19 33 3 3 1 1 1 1",
        "1 2 5 5 3 5 5 0 1 1 1"})
    void shouldConvolve(final String sizes) {
        final ConvolutionCase x = ConvolutionCase.of(sizes);
        try (Dnn dnn = new Dnn()) {
            for (final boolean last : new boolean[] {false, true}) {
                int ran = 0;
                for (final int algorithm : ALGORITHMS) {
                    ran += convolve(dnn, x, last, algorithm) ? 1 : 0;
                }
                assertTrue(ran >= 2 && ran < ALGORITHMS.length, "algorithms that ran: " + ran);
            }
        }
    }

    private static boolean convolve(final Dnn dnn, final ConvolutionCase x, final boolean last, final int algorithm) {
        final cudnnTensorDescriptor xd = dnn.tensor(last, x.n(), x.c(), x.h(), x.w());
        final cudnnFilterDescriptor wd = dnn.filter(last, x.k(), x.c() / x.groups(), x.r(), x.s());
        final cudnnConvolutionDescriptor cd = dnn.convolution(x);
        final int[] on = {0};
        final int[] ok = {0};
        final int[] oh = {0};
        final int[] ow = {0};
        Dnn.check(cudnnGetConvolution2dForwardOutputDim(cd, xd, wd, on, ok, oh, ow));
        assertEquals(x.outH(), oh[0]);
        assertEquals(x.outW(), ow[0]);
        final cudnnTensorDescriptor yd = dnn.tensor(last, on[0], ok[0], oh[0], ow[0]);
        final long[] bytes = {-1};
        final int supported = cudnnGetConvolutionForwardWorkspaceSize(dnn.handle, xd, wd, cd, yd, algorithm, bytes);
        final float[] input = Layout.to(last, x.input(), x.n(), x.c(), x.h(), x.w());
        final float[] filter = Layout.to(last, x.filter(), x.k(), x.c() / x.groups(), x.r(), x.s());
        final CUdeviceptr dx = dnn.driver.upload(input);
        final CUdeviceptr dw = dnn.driver.upload(filter);
        final CUdeviceptr dy = dnn.driver.allocate(4L * x.output().length);
        final CUdeviceptr workspace = dnn.driver.allocate(Math.max(16, bytes[0]));
        final int result = cudnnConvolutionForward(
            dnn.handle, ONE, xd, dx, wd, dw, cd, algorithm, workspace, Math.max(0, bytes[0]), ZERO, yd, dy);
        assertEquals(supported, result);
        if (result == NOT_SUPPORTED) {
            return false;
        }
        Dnn.check(result);
        Driver.check(cuStreamSynchronize(dnn.stream));
        final float[] output = Layout.from(last, Driver.download(dy, x.output().length), x.n(), x.k(), x.outH(), x.outW());
        assertArrayEquals(x.output(), output, 1e-4f);
        // Twice more, with beta 1: three times the output.
        final Pointer two = Pointer.to(new float[] {2});
        Dnn.check(cudnnConvolutionForward(dnn.handle, two, xd, dx, wd, dw, cd, algorithm, workspace, bytes[0], ONE, yd, dy));
        Driver.check(cuStreamSynchronize(dnn.stream));
        final float[] again = Layout.from(last, Driver.download(dy, x.output().length), x.n(), x.k(), x.outH(), x.outW());
        for (int i = 0; i < again.length; i++) {
            assertEquals(3 * x.output()[i], again[i], 3e-4f);
        }
        if (bytes[0] > 0) {
            assertEquals(BAD_PARAM, cudnnConvolutionForward(
                dnn.handle, ONE, xd, dx, wd, dw, cd, algorithm, workspace, bytes[0] - 1, ZERO, yd, dy));
            assertTrue(EmulatedCuda.takeBreaches().toString().contains("workspace is smaller"));
        }
        return true;
    }

    @ParameterizedTest
    @ValueSource(strings = {"1 3 9 8 4 3 3 1 1 1 1", "2 4 8 8 6 2 2 0 2 1 1", "1 4 9 9 6 3 3 1 2 1 2"})
    void shouldConvolveTransposed(final String sizes) {
        final ConvolutionCase x = ConvolutionCase.of(sizes);
        final int n = x.n();
        final int c = x.c();
        final int h = x.h();
        final int w = x.w();
        final int k = x.k();
        final float[] dy = ConvolutionCase.random(17, x.output().length);
        final float[] expected = x.transposed(dy);
        try (Dnn dnn = new Dnn()) {
            for (final boolean last : new boolean[] {false, true}) {
                final CUdeviceptr target = dnn.driver.allocate(4L * expected.length);
                Dnn.check(cudnnConvolutionBackwardData(dnn.handle, ONE,
                    dnn.filter(last, k, c / x.groups(), x.r(), x.s()),
                    dnn.driver.upload(Layout.to(last, x.filter(), k, c / x.groups(), x.r(), x.s())),
                    dnn.tensor(last, n, k, x.outH(), x.outW()), dnn.driver.upload(Layout.to(last, dy, n, k, x.outH(), x.outW())),
                    dnn.convolution(x), 0, new Pointer(), 0, ZERO, dnn.tensor(last, n, c, h, w), target));
                Driver.check(cuStreamSynchronize(dnn.stream));
                final float[] result = Layout.from(last, Driver.download(target, expected.length), n, c, h, w);
                assertArrayEquals(expected, result, 1e-4f);
            }
        }
    }

    @Test
    void shouldAddBiasAndActivate() {
        final ConvolutionCase x = ConvolutionCase.of("1 3 6 6 4 3 3 1 1 1 1");
        final float[] bias = ConvolutionCase.random(5, 4);
        final float[] z = ConvolutionCase.random(6, x.output().length);
        try (Dnn dnn = new Dnn()) {
            final cudnnTensorDescriptor yd = dnn.tensor(false, 1, 4, 6, 6);
            final CUdeviceptr y = dnn.driver.upload(z);
            final int relu = 1;
            final int tanh = 2;
            final int identity = 5;
            for (final int[] refused : new int[][] {{tanh, 1}, {identity, 0}}) {
                assertEquals(NOT_SUPPORTED, cudnnConvolutionBiasActivationForward(dnn.handle, ONE,
                    dnn.tensor(false, 1, 3, 6, 6), dnn.driver.upload(x.input()), dnn.filter(false, 4, 3, 3, 3),
                    dnn.driver.upload(x.filter()), dnn.convolution(x), refused[1], new Pointer(), 0, ONE, yd, y,
                    dnn.tensor(false, 1, 4, 1, 1), dnn.driver.upload(bias), dnn.activation(refused[0]), yd, y));
            }
            Dnn.check(cudnnConvolutionBiasActivationForward(dnn.handle, ONE,
                dnn.tensor(false, 1, 3, 6, 6), dnn.driver.upload(x.input()), dnn.filter(false, 4, 3, 3, 3),
                dnn.driver.upload(x.filter()), dnn.convolution(x), 0, new Pointer(), 0, ONE, yd, y,
                dnn.tensor(false, 1, 4, 1, 1), dnn.driver.upload(bias), dnn.activation(relu), yd, y));
            Driver.check(cuStreamSynchronize(dnn.stream));
            final float[] result = Driver.download(y, z.length);
            for (int i = 0; i < z.length; i++) {
                assertEquals(Math.max(0, x.output()[i] + z[i] + bias[i / 36]), result[i], 1e-5f);
            }
        }
    }

    @Test
    void shouldNameTheBestAlgorithmFirstAndTheRefusedOnesLast() {
        final ConvolutionCase x = ConvolutionCase.of("1 3 6 6 4 3 3 1 1 1 1");
        try (Dnn dnn = new Dnn()) {
            final cudnnConvolutionFwdAlgoPerf[] results = new cudnnConvolutionFwdAlgoPerf[8];
            for (int i = 0; i < 8; i++) {
                results[i] = new cudnnConvolutionFwdAlgoPerf();
            }
            final int[] number = {0};
            Dnn.check(cudnnGetConvolutionForwardAlgorithm_v7(dnn.handle, dnn.tensor(true, 1, 3, 6, 6),
                dnn.filter(true, 4, 3, 3, 3), dnn.convolution(x), dnn.tensor(true, 1, 4, 6, 6), 8, number, results));
            assertEquals(8, number[0]);
            assertEquals(1, results[0].algo);
            assertEquals(0, results[0].status);
            assertTrue(results[0].memory > 0);
            assertEquals(0, results[1].algo);
            assertEquals(0, results[1].memory);
            assertEquals(NOT_SUPPORTED, results[2].status);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, false", "1, false", "2, false", "3, false", "0, true", "1, true", "2, true"})
    void shouldPool(final int mode, final boolean last) {
        final float[] x = ConvolutionCase.random(3, 2 * 3 * 7 * 6);
        try (Dnn dnn = new Dnn()) {
            final CUdeviceptr y = dnn.driver.allocate(4 * 2 * 3 * 4 * 3);
            Dnn.check(cudnnPoolingForward(dnn.handle, dnn.pooling(mode, 3, 1, 2), ONE, dnn.tensor(last, 2, 3, 7, 6),
                dnn.driver.upload(Layout.to(last, x, 2, 3, 7, 6)), ZERO, dnn.tensor(last, 2, 3, 4, 3), y));
            Driver.check(cuStreamSynchronize(dnn.stream));
            final float[] result = Layout.from(last, Driver.download(y, 2 * 3 * 4 * 3), 2, 3, 4, 3);
            for (int i = 0; i < result.length; i++) {
                assertEquals(pooled(x, i / 12, i / 3 % 4, i % 3, mode), result[i], 1e-6f);
            }
            final int wrongSize = cudnnPoolingForward(dnn.handle, dnn.pooling(mode, 3, 1, 2), ONE,
                dnn.tensor(last, 2, 3, 7, 6), y, ZERO, dnn.tensor(last, 2, 3, 4, 4), y);
            Driver.breached("dimensions");
            assertEquals(BAD_PARAM, wrongSize);
        }
    }

    private static float pooled(final float[] x, final int plane, final int row, final int column, final int mode) {
        float most = Float.NEGATIVE_INFINITY;
        float sum = 0;
        int number = 0;
        for (int h = Math.max(0, 2 * row - 1); h < Math.min(7, 2 * row + 2); h++) {
            for (int w = Math.max(0, 2 * column - 1); w < Math.min(6, 2 * column + 2); w++) {
                final float v = x[plane * 42 + h * 6 + w];
                most = Math.max(most, v);
                sum += v;
                number++;
            }
        }
        return mode == 1 ? sum / 9 : mode == 2 ? sum / number : most;
    }

    @Test
    void shouldTakeSoftmax() {
        final float[] x = ConvolutionCase.random(9, 2 * 5 * 3);
        try (Dnn dnn = new Dnn()) {
            final CUdeviceptr at = dnn.driver.upload(x);
            // over all of an image: rows of 15; over the channels: 5 numbers, 3 apart
            for (final int mode : new int[] {0, 1}) {
                final CUdeviceptr y = dnn.driver.allocate(4 * x.length);
                Dnn.check(cudnnSoftmaxForward(dnn.handle, 1, mode, ONE, dnn.tensor(false, 2, 5, 1, 3), at, ZERO,
                    dnn.tensor(false, 2, 5, 1, 3), y));
                Driver.check(cuStreamSynchronize(dnn.stream));
                final float[] result = Driver.download(y, x.length);
                for (int i = 0; i < x.length; i++) {
                    double sum = 0;
                    for (int j = 0; j < 15; j++) {
                        sum += mode == 0 || j % 3 == i % 3 ? Math.exp(x[i / 15 * 15 + j]) : 0;
                    }
                    assertEquals(Math.exp(x[i]) / sum, result[i], 1e-6);
                }
            }
        }
    }

    @Test
    void shouldActivateAndAddWithRepetition() {
        try (Dnn dnn = new Dnn()) {
            final CUdeviceptr x = dnn.driver.upload(-1, 2, -3, 4, 5, -6);
            final cudnnTensorDescriptor d = dnn.tensor(false, 1, 2, 1, 3);
            Dnn.check(cudnnActivationForward(dnn.handle, dnn.activation(1), ONE, d, x, ZERO, d, x));
            Dnn.check(cudnnAddTensor(dnn.handle, ONE, dnn.tensor(false, 1, 2, 1, 1), dnn.driver.upload(10, 20), ONE, d, x));
            Driver.check(cuStreamSynchronize(dnn.stream));
            assertArrayEquals(new float[] {10, 12, 10, 24, 25, 20}, Driver.download(x, 6));
        }
    }

    @Test
    void shouldSayWhatItCanNot() {
        try (Dnn dnn = new Dnn()) {
            assertEquals(90501, cudnnGetVersion());
            final cudnnLRNDescriptor descriptor = new cudnnLRNDescriptor();
            assertEquals(NOT_SUPPORTED, cudnnCreateLRNDescriptor(descriptor));
            assertEquals("CUDNN_STATUS_NOT_SUPPORTED", cudnnGetErrorString(NOT_SUPPORTED));
            assertEquals(1, EmulatedCuda.functions().get("not supported: cudnnCreateLRNDescriptor"));
            assertEquals(BAD_PARAM, cudnnSetTensor4dDescriptor(dnn.tensor(false, 1, 1, 1, 1), 0, 0, 0, 3, 4, 4));
            Driver.breached("not positive");
            final int half = 2;
            assertEquals(NOT_SUPPORTED, cudnnSetTensor4dDescriptor(dnn.tensor(false, 1, 1, 1, 1), 0, half, 1, 3, 4, 4));
        }
    }

    /** Numbers in one layout from the other: NCHW, or with the channels last. */
    static final class Layout {
        private Layout() {
        }

        static float[] to(final boolean last, final float[] v, final int n, final int c, final int h, final int w) {
            return last ? swapped(v, n, c, h * w) : v;
        }

        static float[] from(final boolean last, final float[] v, final int n, final int c, final int h, final int w) {
            return last ? swapped(v, n, h * w, c) : v;
        }

        private static float[] swapped(final float[] v, final int n, final int rows, final int columns) {
            final float[] to = new float[v.length];
            for (int i = 0; i < v.length; i++) {
                final int image = i / (rows * columns);
                final int row = i / columns % rows;
                final int column = i % columns;
                to[image * rows * columns + column * rows + row] = v[i];
            }
            return to;
        }
    }
}
