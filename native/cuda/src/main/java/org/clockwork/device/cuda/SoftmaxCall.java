package org.clockwork.device.cuda;

import static jcuda.jcudnn.JCudnn.cudnnCreateTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetTensor4dDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSoftmaxForward;

import jcuda.driver.CUdeviceptr;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnSoftmaxAlgorithm;
import jcuda.jcudnn.cudnnSoftmaxMode;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnTensorFormat;

/** Softmax of contiguous rows by cuDNN. */
final class SoftmaxCall implements Call {
    private final Gpu gpu;
    private final Place input;
    private final Place output;
    private final cudnnTensorDescriptor descriptor = new cudnnTensorDescriptor();
    private final CUdeviceptr x = new CUdeviceptr();
    private final CUdeviceptr y = new CUdeviceptr();

    SoftmaxCall(final Gpu gpu, final int rows, final int width, final Place input, final Place output) throws CudaException {
        this.gpu = gpu;
        this.input = input;
        this.output = output;
        CudaException.checkDnn(cudnnCreateTensorDescriptor(descriptor), "cudnnCreateTensorDescriptor");
        final int status = cudnnSetTensor4dDescriptor(descriptor, cudnnTensorFormat.CUDNN_TENSOR_NCHW,
            cudnnDataType.CUDNN_DATA_FLOAT, rows, width, 1, 1);
        if (status != 0) {
            close();
            CudaException.checkDnn(status, "cudnnSetTensor4dDescriptor");
        }
    }

    @Override
    public void launch(final Frame frame) throws CudaException {
        Address.move(x, input.in(frame));
        Address.move(y, output.in(frame));
        final int status = cudnnSoftmaxForward(gpu.dnn(), cudnnSoftmaxAlgorithm.CUDNN_SOFTMAX_ACCURATE,
            cudnnSoftmaxMode.CUDNN_SOFTMAX_MODE_INSTANCE, gpu.one(), descriptor, x, gpu.zero(), descriptor, y);
        if (status != 0) {
            CudaException.checkDnn(status, "cudnnSoftmaxForward");
        }
    }

    @Override
    public int entries() {
        return 1;
    }

    @Override
    public String description() {
        return "cudnn:softmax";
    }

    @Override
    public void close() {
        cudnnDestroyTensorDescriptor(descriptor);
    }
}
