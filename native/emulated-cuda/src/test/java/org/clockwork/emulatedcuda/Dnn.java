package org.clockwork.emulatedcuda;

import static jcuda.jcudnn.JCudnn.cudnnCreate;
import static jcuda.jcudnn.JCudnn.cudnnCreateActivationDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateConvolutionDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateFilterDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreatePoolingDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroy;
import static jcuda.jcudnn.JCudnn.cudnnDestroyActivationDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyConvolutionDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyFilterDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyPoolingDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnGetErrorString;
import static jcuda.jcudnn.JCudnn.cudnnSetActivationDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolution2dDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolutionGroupCount;
import static jcuda.jcudnn.JCudnn.cudnnSetFilter4dDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetPooling2dDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetStream;
import static jcuda.jcudnn.JCudnn.cudnnSetTensor4dDescriptor;
import static org.junit.jupiter.api.Assertions.assertEquals;

import jcuda.driver.CUstream;
import jcuda.jcudnn.cudnnActivationDescriptor;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnPoolingDescriptor;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.runtime.cudaStream_t;

/** A cuDNN handle on a stream of a {@link Driver}, and descriptors that are destroyed with it. */
final class Dnn implements AutoCloseable {
    private static final int CROSS_CORRELATION = 1;
    final Driver driver = new Driver();
    final CUstream stream = driver.stream();
    final cudnnHandle handle = new cudnnHandle();

    Dnn() {
        check(cudnnCreate(handle));
        driver.onClose(() -> check(cudnnDestroy(handle)));
        check(cudnnSetStream(handle, new cudaStream_t(stream)));
    }

    static void check(final int status) {
        assertEquals("CUDNN_STATUS_SUCCESS", cudnnGetErrorString(status), () -> String.join("\n", EmulatedCuda.takeBreaches()));
    }

    cudnnTensorDescriptor tensor(final boolean last, final int n, final int c, final int h, final int w) {
        final cudnnTensorDescriptor descriptor = new cudnnTensorDescriptor();
        check(cudnnCreateTensorDescriptor(descriptor));
        driver.onClose(() -> check(cudnnDestroyTensorDescriptor(descriptor)));
        check(cudnnSetTensor4dDescriptor(descriptor, last ? 1 : 0, 0, n, c, h, w));
        return descriptor;
    }

    cudnnFilterDescriptor filter(final boolean last, final int k, final int c, final int h, final int w) {
        final cudnnFilterDescriptor descriptor = new cudnnFilterDescriptor();
        check(cudnnCreateFilterDescriptor(descriptor));
        driver.onClose(() -> check(cudnnDestroyFilterDescriptor(descriptor)));
        check(cudnnSetFilter4dDescriptor(descriptor, 0, last ? 1 : 0, k, c, h, w));
        return descriptor;
    }

    cudnnConvolutionDescriptor convolution(final ConvolutionCase x) {
        final cudnnConvolutionDescriptor descriptor = new cudnnConvolutionDescriptor();
        check(cudnnCreateConvolutionDescriptor(descriptor));
        driver.onClose(() -> check(cudnnDestroyConvolutionDescriptor(descriptor)));
        check(cudnnSetConvolution2dDescriptor(
            descriptor, x.pad(), x.pad(), x.stride(), x.stride(), x.dilation(), x.dilation(), CROSS_CORRELATION, 0));
        check(cudnnSetConvolutionGroupCount(descriptor, x.groups()));
        return descriptor;
    }

    cudnnActivationDescriptor activation(final int mode) {
        final cudnnActivationDescriptor descriptor = new cudnnActivationDescriptor();
        check(cudnnCreateActivationDescriptor(descriptor));
        driver.onClose(() -> check(cudnnDestroyActivationDescriptor(descriptor)));
        check(cudnnSetActivationDescriptor(descriptor, mode, 0, 0));
        return descriptor;
    }

    cudnnPoolingDescriptor pooling(final int mode, final int window, final int pad, final int stride) {
        final cudnnPoolingDescriptor descriptor = new cudnnPoolingDescriptor();
        check(cudnnCreatePoolingDescriptor(descriptor));
        driver.onClose(() -> check(cudnnDestroyPoolingDescriptor(descriptor)));
        check(cudnnSetPooling2dDescriptor(descriptor, mode, 0, window, window, pad, pad, stride, stride));
        return descriptor;
    }

    @Override
    public void close() {
        driver.close();
    }
}
