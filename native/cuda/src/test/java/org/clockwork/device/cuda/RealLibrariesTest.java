package org.clockwork.device.cuda;

import static jcuda.jcudnn.JCudnn.cudnnCreateConvolutionDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateFilterDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyConvolutionDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyFilterDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolution2dForwardOutputDim;
import static jcuda.jcudnn.JCudnn.cudnnGetErrorString;
import static jcuda.jcudnn.JCudnn.cudnnGetTensorSizeInBytes;
import static jcuda.jcudnn.JCudnn.cudnnGetVersion;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolution2dDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolutionGroupCount;
import static jcuda.jcudnn.JCudnn.cudnnSetFilter4dDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetTensor4dDescriptor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnTensorDescriptor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * NVIDIA's own cuDNN under JCuda's jars, as far as it works without a GPU: descriptors in the layouts that the device uses, and
 * what the stand-in answers to the same calls. Run by {@code mvn -Pcuda -pl native/cuda -am verify}.
 */
@Tag("gpu")
final class RealLibrariesTest {
    private static final int NHWC = 1;
    private static final int FLOAT = 0;
    private static final int CROSS_CORRELATION = 1;
    private static final int BAD_PARAM = 2000;

    @Test
    void shouldDescribeConvolutions() {
        assertEquals(9, cudnnGetVersion() / 10_000);
        final cudnnTensorDescriptor x = new cudnnTensorDescriptor();
        final cudnnFilterDescriptor w = new cudnnFilterDescriptor();
        final cudnnConvolutionDescriptor c = new cudnnConvolutionDescriptor();
        check(cudnnCreateTensorDescriptor(x));
        check(cudnnCreateFilterDescriptor(w));
        check(cudnnCreateConvolutionDescriptor(c));
        check(cudnnSetTensor4dDescriptor(x, NHWC, FLOAT, 2, 6, 11, 10));
        check(cudnnSetFilter4dDescriptor(w, FLOAT, NHWC, 8, 3, 5, 3));
        check(cudnnSetConvolution2dDescriptor(c, 2, 1, 2, 1, 1, 2, CROSS_CORRELATION, FLOAT));
        check(cudnnSetConvolutionGroupCount(c, 2));
        final int[] sizes = new int[4];
        final int[][] each = {{0}, {0}, {0}, {0}};
        check(cudnnGetConvolution2dForwardOutputDim(c, x, w, each[0], each[1], each[2], each[3]));
        for (int i = 0; i < 4; i++) {
            sizes[i] = each[i][0];
        }
        assertArrayEquals(new int[] {2, 8, 6, 8}, sizes);
        final long[] bytes = {0};
        check(cudnnGetTensorSizeInBytes(x, bytes));
        assertEquals(4 * 2 * 6 * 11 * 10, bytes[0]);
        check(cudnnDestroyConvolutionDescriptor(c));
        check(cudnnDestroyFilterDescriptor(w));
        check(cudnnDestroyTensorDescriptor(x));
    }

    @Test
    void shouldRefuseWhatTheStandInRefuses() {
        final cudnnTensorDescriptor x = new cudnnTensorDescriptor();
        final cudnnConvolutionDescriptor c = new cudnnConvolutionDescriptor();
        check(cudnnCreateTensorDescriptor(x));
        check(cudnnCreateConvolutionDescriptor(c));
        assertEquals(BAD_PARAM, cudnnSetTensor4dDescriptor(x, NHWC, FLOAT, 0, 3, 4, 4) / 1000 * 1000);
        assertEquals(BAD_PARAM,
            cudnnSetConvolution2dDescriptor(c, -1, 0, 1, 1, 1, 1, CROSS_CORRELATION, FLOAT) / 1000 * 1000);
        assertEquals(BAD_PARAM, cudnnSetConvolution2dDescriptor(c, 0, 0, 0, 1, 1, 1, CROSS_CORRELATION, FLOAT) / 1000 * 1000);
        check(cudnnDestroyConvolutionDescriptor(c));
        check(cudnnDestroyTensorDescriptor(x));
        assertEquals("CUDNN_STATUS_NOT_SUPPORTED", cudnnGetErrorString(3000));
    }

    private static void check(final int status) {
        assertEquals("CUDNN_STATUS_SUCCESS", cudnnGetErrorString(status));
    }
}
