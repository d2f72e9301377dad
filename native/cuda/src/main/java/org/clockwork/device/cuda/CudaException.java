package org.clockwork.device.cuda;

import jcuda.driver.CUresult;
import jcuda.jcublas.cublasStatus;
import jcuda.jcudnn.JCudnn;

/** A call of the driver or of one of its libraries that failed. */
final class CudaException extends Exception {
    private static final long serialVersionUID = 1L;
    private final boolean isFatal;

    CudaException(final String message, final boolean isFatal) {
        super(message);
        this.isFatal = isFatal;
    }

    /** Whether the device can't go on. */
    boolean isFatal() {
        return isFatal;
    }

    /** Fails unless a call of the driver has succeeded. */
    static void check(final int result, final String call) throws CudaException {
        if (result != CUresult.CUDA_SUCCESS) {
            throw driver(result, call);
        }
    }

    /** Fails unless a call of cuDNN has succeeded. */
    static void checkDnn(final int status, final String call) throws CudaException {
        if (status != 0) {
            throw new CudaException(call + ": " + JCudnn.cudnnGetErrorString(status) + " (" + status + ')', false);
        }
    }

    /** Fails unless a call of cuBLAS has succeeded. */
    static void checkBlas(final int status, final String call) throws CudaException {
        if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            throw new CudaException(call + ": " + cublasStatus.stringFor(status), false);
        }
    }

    /** What a call of the driver that failed has to say. */
    static CudaException driver(final int result, final String call) {
        return new CudaException(call + ": " + CUresult.stringFor(result), isFatal(result));
    }

    /** Errors after which nothing works in this process any more, or nobody can say what does. */
    private static boolean isFatal(final int result) {
        return switch (result) {
            case CUresult.CUDA_ERROR_DEINITIALIZED, CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE, CUresult.CUDA_ERROR_NO_DEVICE,
                CUresult.CUDA_ERROR_INVALID_CONTEXT, CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
                CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE, CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
                CUresult.CUDA_ERROR_LAUNCH_TIMEOUT, CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED, CUresult.CUDA_ERROR_ASSERT,
                CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR, CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
                CUresult.CUDA_ERROR_MISALIGNED_ADDRESS, CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
                CUresult.CUDA_ERROR_INVALID_PC, CUresult.CUDA_ERROR_LAUNCH_FAILED, CUresult.CUDA_ERROR_UNKNOWN -> true;
            default -> false;
        };
    }
}
