package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemGetInfo;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamQuery;
import static jcuda.jcublas.JCublas2.cublasCreate;
import static jcuda.jcublas.JCublas2.cublasDestroy;
import static jcuda.jcublas.JCublas2.cublasSetMathMode;
import static jcuda.jcublas.JCublas2.cublasSetStream;
import static jcuda.jcublas.JCublas2.cublasSetWorkspace;
import static jcuda.jcudnn.JCudnn.cudnnCreate;
import static jcuda.jcudnn.JCudnn.cudnnDestroy;
import static jcuda.jcudnn.JCudnn.cudnnGetVersion;
import static jcuda.jcudnn.JCudnn.cudnnSetStream;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcudnn.cudnnHandle;
import jcuda.runtime.cudaStream_t;
import org.agrona.BufferUtil;
import org.clockwork.device.Device;

/**
 * One GPU with everything that is taken from it at the start: context, streams, libraries, kernels, pages, workspace, I/O
 * slots. Opened and closed by the owner; its streams belong to the engines' threads.
 */
final class Gpu implements AutoCloseable {
    /** INFERs that are in it at once: copies of one overlap the execution of the other. */
    static final int SLOTS = 2;
    private static final long BLAS_WORKSPACE_BYTES = 4L << 20;

    private final int ordinal;
    private final String name;
    private final int capability;
    private final int driverVersion;
    private final CUcontext context = new CUcontext();
    private final CUstream weightsStream = new CUstream();
    private final CUstream inputStream = new CUstream();
    private final CUstream executeStream = new CUstream();
    private final CUstream outputStream = new CUstream();
    private final cudnnHandle dnn = new cudnnHandle();
    private final cudnnHandle planningDnn = new cudnnHandle();
    private final cublasHandle blas = new cublasHandle();
    private final ByteBuffer numbers = ByteBuffer.allocateDirect(2 * Float.BYTES).order(ByteOrder.nativeOrder());
    private final Pointer one;
    private final Pointer zero;
    private final Deque<Undo> undos = new ArrayDeque<>();
    private final IoSlot[] slots = new IoSlot[SLOTS];
    private final long workspaceBytes;
    private Kernels kernels;
    private PageMemory pages;
    private long workspace;

    /** Gives one thing back. */
    @FunctionalInterface
    private interface Undo {
        int run();
    }

    /** Takes everything; if a part can't be had, nothing is kept. */
    Gpu(final int ordinal, final CudaBackend.Context options, final HostMemory host) throws CudaException {
        this.ordinal = ordinal;
        workspaceBytes = options.workspaceBytes();
        one = Address.host(BufferUtil.address(numbers.putFloat(0, 1)));
        zero = Address.host(BufferUtil.address(numbers) + Float.BYTES);
        name = Driver.name(ordinal);
        driverVersion = Driver.version();
        final CUdevice device = Driver.device(ordinal);
        capability = attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) * 10
            + attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        try {
            CudaException.check(cuDevicePrimaryCtxRetain(context, device), "cuDevicePrimaryCtxRetain");
            undos.push(() -> cuDevicePrimaryCtxRelease(device));
            enter();
            openLibraries();
            openMemory(options, host);
        } catch (final CudaException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private static int attribute(final CUdevice device, final int attribute) throws CudaException {
        final int[] value = new int[1];
        CudaException.check(cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
        return value[0];
    }

    private void openLibraries() throws CudaException {
        for (final CUstream stream : new CUstream[] {weightsStream, inputStream, executeStream, outputStream}) {
            CudaException.check(cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
            undos.push(() -> cuStreamDestroy(stream));
        }
        kernels = new Kernels();
        undos.push(() -> {
            kernels.close();
            return 0;
        });
        for (final cudnnHandle handle : new cudnnHandle[] {dnn, planningDnn}) {
            CudaException.checkDnn(cudnnCreate(handle), "cudnnCreate");
            undos.push(() -> cudnnDestroy(handle));
        }
        final cudaStream_t stream = new cudaStream_t(executeStream);
        CudaException.checkDnn(cudnnSetStream(dnn, stream), "cudnnSetStream");
        CudaException.checkBlas(cublasCreate(blas), "cublasCreate");
        undos.push(() -> cublasDestroy(blas));
        CudaException.checkBlas(cublasSetStream(blas, stream), "cublasSetStream");
        final long scratch = allocate(BLAS_WORKSPACE_BYTES);
        CudaException.checkBlas(cublasSetWorkspace(blas, Address.device(scratch), BLAS_WORKSPACE_BYTES), "cublasSetWorkspace");
        // 32-bit floats are multiplied as such
        CudaException.checkBlas(cublasSetMathMode(blas, cublasMath.CUBLAS_DEFAULT_MATH), "cublasSetMathMode");
    }

    private void openMemory(final CudaBackend.Context options, final HostMemory host) throws CudaException {
        workspace = allocate(workspaceBytes);
        for (int i = 0; i < slots.length; i++) {
            final IoSlot slot = new IoSlot(this, host, options.inputBytes(), options.outputBytes());
            slots[i] = slot;
            undos.push(() -> {
                slot.close();
                return 0;
            });
            slot.open();
        }
        long bytes = options.memoryBytes();
        if (bytes == 0) {
            final long[] free = new long[1];
            CudaException.check(cuMemGetInfo(free, new long[1]), "cuMemGetInfo");
            bytes = free[0] - options.reserveBytes();
        }
        if (bytes < Device.PAGE_BYTES) {
            throw new CudaException("there is no room for a page of weights beside workspace and I/O slots: bytes=" + bytes,
                false);
        }
        pages = new PageMemory(ordinal, (int) (bytes / Device.PAGE_BYTES));
        undos.push(() -> {
            pages.close();
            return 0;
        });
    }

    /** Memory for as long as the GPU is open. */
    long allocate(final long bytes) throws CudaException {
        final CUdeviceptr pointer = new CUdeviceptr();
        CudaException.check(cuMemAlloc(pointer, bytes), "cuMemAlloc " + bytes);
        undos.push(() -> cuMemFree(pointer));
        return Address.of(pointer);
    }

    /** From now on the calling thread's calls are about this GPU. */
    void enter() throws CudaException {
        CudaException.check(cuCtxSetCurrent(context), "cuCtxSetCurrent");
    }

    /** Enters, and asks the driver whether the GPU is still there; waits for nothing. */
    boolean enterIfItWorks() {
        if (cuCtxSetCurrent(context) != CUresult.CUDA_SUCCESS) {
            return false;
        }
        final int state = cuStreamQuery(weightsStream);
        return state == CUresult.CUDA_SUCCESS || state == CUresult.CUDA_ERROR_NOT_READY;
    }

    String name() {
        return name;
    }

    /** What algorithms depend on. */
    String fingerprint() {
        return String.format(Locale.ROOT, "%s sm_%d driver %d cuDNN %d", name, capability, driverVersion, cudnnGetVersion());
    }

    int capability() {
        return capability;
    }

    CUstream weightsStream() {
        return weightsStream;
    }

    CUstream inputStream() {
        return inputStream;
    }

    CUstream executeStream() {
        return executeStream;
    }

    CUstream outputStream() {
        return outputStream;
    }

    /** Works in the execution stream. */
    cudnnHandle dnn() {
        return dnn;
    }

    /** For questions while a model is compiled. */
    cudnnHandle planningDnn() {
        return planningDnn;
    }

    /** Works in the execution stream. */
    cublasHandle blas() {
        return blas;
    }

    /** The factor 1. */
    Pointer one() {
        return one;
    }

    /** The factor 0. */
    Pointer zero() {
        return zero;
    }

    Kernels kernels() {
        return kernels;
    }

    PageMemory pages() {
        return pages;
    }

    IoSlot[] slots() {
        return slots;
    }

    long workspace() {
        return workspace;
    }

    long workspaceBytes() {
        return workspaceBytes;
    }

    /** Gives everything back in the opposite order; nobody uses it any more. */
    @Override
    public void close() {
        cuCtxSetCurrent(context);
        while (!undos.isEmpty()) {
            undos.pop().run();
        }
    }
}
