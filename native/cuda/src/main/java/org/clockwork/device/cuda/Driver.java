package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetCount;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuDriverGetVersion;
import static jcuda.driver.JCudaDriver.cuInit;

import java.nio.charset.StandardCharsets;
import jcuda.driver.CUdevice;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;

/** The CUDA driver of this machine, cuDNN and cuBLAS, if they are there. Stateless. */
final class Driver {
    private static final int NAME_BYTES = 256;

    private Driver() {
    }

    /**
     * Loads the libraries.
     *
     * @return number of GPUs, at least 1.
     * @throws UnsupportedOperationException with a sentence that says what is missing.
     */
    static int open() {
        final int result;
        try {
            JCudaDriver.setExceptionsEnabled(false);
            result = cuInit(0);
        } catch (final LinkageError e) {
            throw missing("There is no CUDA driver on this machine (libcuda.so.1)", e);
        }
        final int[] count = new int[1];
        if (result != CUresult.CUDA_SUCCESS || cuDeviceGetCount(count) != CUresult.CUDA_SUCCESS || count[0] < 1) {
            throw new UnsupportedOperationException("There is no GPU on this machine: cuInit says "
                + CUresult.stringFor(result) + ", devices=" + count[0] + ". Use --device cpu.");
        }
        try {
            JCudnn.setExceptionsEnabled(false);
            JCudnn.cudnnGetVersion();
        } catch (final LinkageError e) {
            throw missing("There is a CUDA driver, but no cuDNN (libcudnn.so.9)", e);
        }
        try {
            JCublas2.setExceptionsEnabled(false);
        } catch (final LinkageError e) {
            throw missing("There is a CUDA driver, but no cuBLAS (libcublas.so.12)", e);
        }
        return count[0];
    }

    private static UnsupportedOperationException missing(final String what, final LinkageError cause) {
        return new UnsupportedOperationException(what + ". Use --device cpu, or see native/cuda/README.md.", cause);
    }

    /** Name of a device as its driver gives it. */
    static String name(final int ordinal) throws CudaException {
        final byte[] name = new byte[NAME_BYTES];
        CudaException.check(cuDeviceGetName(name, name.length, device(ordinal)), "cuDeviceGetName");
        return new String(name, StandardCharsets.UTF_8).split("\0", 2)[0].trim();
    }

    /** Of the driver: what it supports. */
    static int version() throws CudaException {
        final int[] version = new int[1];
        CudaException.check(cuDriverGetVersion(version), "cuDriverGetVersion");
        return version[0];
    }

    static CUdevice device(final int ordinal) throws CudaException {
        final CUdevice device = new CUdevice();
        CudaException.check(cuDeviceGet(device, ordinal), "cuDeviceGet");
        return device;
    }
}
