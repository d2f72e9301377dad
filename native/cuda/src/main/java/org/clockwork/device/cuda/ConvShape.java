package org.clockwork.device.cuda;

import static jcuda.jcudnn.JCudnn.cudnnCreateConvolutionDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateFilterDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyConvolutionDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyFilterDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionForwardAlgorithm_v7;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionForwardWorkspaceSize;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolution2dDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolutionGroupCount;
import static jcuda.jcudnn.JCudnn.cudnnSetConvolutionMathType;
import static jcuda.jcudnn.JCudnn.cudnnSetFilter4dDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetTensor4dDescriptor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgo;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnTensorFormat;
import org.clockwork.compiler.Op;

/**
 * A convolution as cuDNN describes it. Images and filters have channels innermost. Made by the compiling thread, then read by
 * the executing one.
 */
final class ConvShape implements AutoCloseable {
    private static final int MAX_CHOICES = cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_COUNT;

    private final cudnnTensorDescriptor input = new cudnnTensorDescriptor();
    private final cudnnFilterDescriptor filters = new cudnnFilterDescriptor();
    private final cudnnTensorDescriptor output = new cudnnTensorDescriptor();
    private final cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();
    private int created;

    /**
     * A way to compute it.
     *
     * @param number       as cuDNN counts.
     * @param scratchBytes of workspace that it needs.
     */
    record Algorithm(int number, long scratchBytes) {
    }

    /**
     * Describes it.
     *
     * @param x      images, channels and pixels of the input, with padding that is the same on both sides.
     * @param w      filters as the plan has them: out x in x rows x columns.
     * @param y      of the output.
     * @param pads   above and left, and as much below and right.
     */
    ConvShape(final Op.Conv conv, final long[] x, final long[] w, final long[] y, final long[] pads) throws CudaException {
        try {
            CudaException.checkDnn(cudnnCreateTensorDescriptor(input), "cudnnCreateTensorDescriptor");
            created++;
            CudaException.checkDnn(cudnnCreateFilterDescriptor(filters), "cudnnCreateFilterDescriptor");
            created++;
            CudaException.checkDnn(cudnnCreateTensorDescriptor(output), "cudnnCreateTensorDescriptor");
            created++;
            CudaException.checkDnn(cudnnCreateConvolutionDescriptor(convolution), "cudnnCreateConvolutionDescriptor");
            created++;
            image(input, x);
            image(output, y);
            CudaException.checkDnn(cudnnSetFilter4dDescriptor(filters, cudnnDataType.CUDNN_DATA_FLOAT,
                cudnnTensorFormat.CUDNN_TENSOR_NHWC, (int) w[0], (int) w[1], (int) w[2], (int) w[3]),
                "cudnnSetFilter4dDescriptor");
            CudaException.checkDnn(cudnnSetConvolution2dDescriptor(convolution, (int) pads[0], (int) pads[1],
                (int) conv.strides()[0], (int) conv.strides()[1], (int) conv.dilations()[0], (int) conv.dilations()[1],
                cudnnConvolutionMode.CUDNN_CROSS_CORRELATION, cudnnDataType.CUDNN_DATA_FLOAT), "cudnnSetConvolution2dDescriptor");
            CudaException.checkDnn(cudnnSetConvolutionGroupCount(convolution, conv.groups()), "cudnnSetConvolutionGroupCount");
            // multiply as floats, not as shortened ones
            CudaException.checkDnn(cudnnSetConvolutionMathType(convolution, cudnnMathType.CUDNN_FMA_MATH),
                "cudnnSetConvolutionMathType");
        } catch (final CudaException e) {
            close();
            throw e;
        }
    }

    private static void image(final cudnnTensorDescriptor descriptor, final long[] dims) throws CudaException {
        CudaException.checkDnn(cudnnSetTensor4dDescriptor(descriptor, cudnnTensorFormat.CUDNN_TENSOR_NHWC,
            cudnnDataType.CUDNN_DATA_FLOAT, (int) dims[0], (int) dims[1], (int) dims[2], (int) dims[3]),
            "cudnnSetTensor4dDescriptor");
    }

    /** The algorithms within so much memory, in the order in which cuDNN holds them to be fast. */
    List<Algorithm> algorithms(final Gpu gpu, final long limitBytes) {
        final int[] count = new int[1];
        final cudnnConvolutionFwdAlgoPerf[] ranked = new cudnnConvolutionFwdAlgoPerf[MAX_CHOICES];
        Arrays.setAll(ranked, i -> new cudnnConvolutionFwdAlgoPerf());
        final List<Algorithm> algorithms = new ArrayList<>();
        if (cudnnGetConvolutionForwardAlgorithm_v7(gpu.planningDnn(), input, filters, convolution, output, ranked.length, count,
            ranked) != 0) {
            return algorithms;
        }
        final long[] bytes = new long[1];
        for (int i = 0; i < count[0]; i++) {
            if (ranked[i].status == 0 && cudnnGetConvolutionForwardWorkspaceSize(gpu.planningDnn(), input, filters, convolution,
                output, ranked[i].algo, bytes) == 0 && bytes[0] <= limitBytes) {
                algorithms.add(new Algorithm(ranked[i].algo, bytes[0]));
            }
        }
        return algorithms;
    }

    cudnnTensorDescriptor input() {
        return input;
    }

    cudnnFilterDescriptor filters() {
        return filters;
    }

    cudnnTensorDescriptor output() {
        return output;
    }

    cudnnConvolutionDescriptor convolution() {
        return convolution;
    }

    @Override
    public void close() {
        if (created > 3) {
            cudnnDestroyConvolutionDescriptor(convolution);
        }
        if (created > 2) {
            cudnnDestroyTensorDescriptor(output);
        }
        if (created > 1) {
            cudnnDestroyFilterDescriptor(filters);
        }
        if (created > 0) {
            cudnnDestroyTensorDescriptor(input);
        }
        created = 0;
    }
}
