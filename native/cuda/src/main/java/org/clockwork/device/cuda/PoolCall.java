package org.clockwork.device.cuda;

import static jcuda.jcudnn.JCudnn.cudnnCreatePoolingDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyPoolingDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnPoolingForward;
import static jcuda.jcudnn.JCudnn.cudnnSetPooling2dDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetTensor4dDescriptor;

import jcuda.driver.CUdeviceptr;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnNanPropagation;
import jcuda.jcudnn.cudnnPoolingDescriptor;
import jcuda.jcudnn.cudnnPoolingMode;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnTensorFormat;
import org.clockwork.compiler.Op;

/** A pooling by cuDNN: windows with the same padding on both sides, none of which sticks out. */
final class PoolCall implements Call {
    private final Gpu gpu;
    private final Place input;
    private final Place output;
    private final cudnnTensorDescriptor from = new cudnnTensorDescriptor();
    private final cudnnTensorDescriptor to = new cudnnTensorDescriptor();
    private final cudnnPoolingDescriptor pooling = new cudnnPoolingDescriptor();
    private final CUdeviceptr x = new CUdeviceptr();
    private final CUdeviceptr y = new CUdeviceptr();
    private int created;

    PoolCall(final Gpu gpu, final Op.Pool pool, final long[] fromDims, final long[] toDims, final Place input,
        final Place output) throws CudaException {
        this.gpu = gpu;
        this.input = input;
        this.output = output;
        try {
            CudaException.checkDnn(cudnnCreateTensorDescriptor(from), "cudnnCreateTensorDescriptor");
            created++;
            CudaException.checkDnn(cudnnCreateTensorDescriptor(to), "cudnnCreateTensorDescriptor");
            created++;
            CudaException.checkDnn(cudnnCreatePoolingDescriptor(pooling), "cudnnCreatePoolingDescriptor");
            created++;
            image(from, fromDims);
            image(to, toDims);
            CudaException.checkDnn(cudnnSetPooling2dDescriptor(pooling, mode(pool), cudnnNanPropagation.CUDNN_PROPAGATE_NAN,
                (int) pool.kernel()[0], (int) pool.kernel()[1], (int) pool.padBegin()[0], (int) pool.padBegin()[1],
                (int) pool.strides()[0], (int) pool.strides()[1]), "cudnnSetPooling2dDescriptor");
        } catch (final CudaException e) {
            close();
            throw e;
        }
    }

    private static int mode(final Op.Pool pool) {
        return pool.what() == Op.Many.MAX ? cudnnPoolingMode.CUDNN_POOLING_MAX
            : pool.isPaddingCounted() ? cudnnPoolingMode.CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING
            : cudnnPoolingMode.CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING;
    }

    private static void image(final cudnnTensorDescriptor descriptor, final long[] dims) throws CudaException {
        CudaException.checkDnn(cudnnSetTensor4dDescriptor(descriptor, cudnnTensorFormat.CUDNN_TENSOR_NHWC,
            cudnnDataType.CUDNN_DATA_FLOAT, (int) dims[0], (int) dims[1], (int) dims[2], (int) dims[3]),
            "cudnnSetTensor4dDescriptor");
    }

    /** Whether cuDNN has this pooling. */
    static boolean covers(final Op.Pool pool, final long[] fromDims, final long[] toDims) {
        for (int i = 0; i < 2; i++) {
            final long span = fromDims[2 + i] + 2 * pool.padBegin()[i] - pool.kernel()[i];
            if (span < 0 || span / pool.strides()[i] + 1 != toDims[2 + i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void launch(final Frame frame) throws CudaException {
        Address.move(x, input.in(frame));
        Address.move(y, output.in(frame));
        final int status = cudnnPoolingForward(gpu.dnn(), pooling, gpu.one(), from, x, gpu.zero(), to, y);
        if (status != 0) {
            CudaException.checkDnn(status, "cudnnPoolingForward");
        }
    }

    @Override
    public int entries() {
        return 2;
    }

    @Override
    public String description() {
        return "cudnn:pooling";
    }

    @Override
    public void close() {
        if (created > 2) {
            cudnnDestroyPoolingDescriptor(pooling);
        }
        if (created > 1) {
            cudnnDestroyTensorDescriptor(to);
        }
        if (created > 0) {
            cudnnDestroyTensorDescriptor(from);
        }
        created = 0;
    }
}
