package org.clockwork.emulatedcuda;

import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxReset;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemHostAlloc;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuModuleUnload;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.Assumptions;

/** A device's primary context for one test: what is made through it is given back when it closes, and nothing may be left. */
final class Driver implements AutoCloseable {
    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final VirtualMemoryTest.VirtualMemory mapped = new VirtualMemoryTest.VirtualMemory();
    final CUdevice device = new CUdevice();
    final CUcontext context = new CUcontext();

    Driver() {
        check(cuInit(0));
        check(cuDeviceGet(device, 0));
        check(cuDevicePrimaryCtxRetain(context, device));
        check(cuCtxSetCurrent(context));
    }

    /** Loads the stand-ins afresh; without g++ the test is skipped, in CI it fails. */
    static void prepare() {
        if (System.getenv("CI") == null) {
            Assumptions.assumeTrue(EmulatedCuda.isBuilt(), "the stand-ins were not built");
        }
        EmulatedCuda.load();
        if (!EmulatedCuda.leftOver().isEmpty()) {
            // of a test that failed
            final CUdevice device = new CUdevice();
            cuDeviceGet(device, 0);
            cuDevicePrimaryCtxReset(device);
        }
        EmulatedCuda.reset();
    }

    static void check(final int result) {
        assertEquals("CUDA_SUCCESS", CUresult.stringFor(result), () -> String.join("\n", EmulatedCuda.takeBreaches()));
    }

    /** The result is that error, and what was wrong is written down; its text holds {@code words}. */
    static void refused(final int error, final int result, final String words) {
        assertEquals(CUresult.stringFor(error), CUresult.stringFor(result));
        breached(words);
    }

    /** One thing was done wrong, and what is written down of it holds {@code words}. */
    static void breached(final String words) {
        final List<String> breaches = EmulatedCuda.takeBreaches();
        assertEquals(1, breaches.size(), breaches::toString);
        assertTrue(breaches.get(0).contains(words), breaches::toString);
    }

    static void noBreaches() {
        assertEquals(List.of(), EmulatedCuda.takeBreaches());
    }

    /** Retains the primary context again, after a test released it. */
    void retain() {
        check(cuDevicePrimaryCtxRetain(context, device));
        check(cuCtxSetCurrent(context));
    }

    VirtualMemoryTest.VirtualMemory mapped() {
        return mapped;
    }

    CUdeviceptr allocate(final long bytes) {
        final CUdeviceptr at = new CUdeviceptr();
        check(cuMemAlloc(at, bytes));
        undo.push(() -> check(cuMemFree(at)));
        return at;
    }

    CUdeviceptr upload(final float... values) {
        final CUdeviceptr at = allocate(4L * values.length);
        check(cuMemcpyHtoD(at, Pointer.to(values), 4L * values.length));
        return at;
    }

    static float[] download(final CUdeviceptr at, final int number) {
        final float[] values = new float[number];
        check(cuMemcpyDtoH(Pointer.to(values), at, 4L * number));
        return values;
    }

    Pointer pinned(final long bytes) {
        final Pointer at = new Pointer();
        check(cuMemHostAlloc(at, bytes, 0));
        undo.push(() -> check(cuMemFreeHost(at)));
        return at;
    }

    static ByteBuffer buffer(final Pointer pinned, final long bytes) {
        return pinned.getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
    }

    CUstream stream() {
        final CUstream stream = new CUstream();
        check(cuStreamCreate(stream, 1));
        undo.push(() -> check(cuStreamDestroy(stream)));
        return stream;
    }

    CUevent event(final int flags) {
        final CUevent event = new CUevent();
        check(cuEventCreate(event, flags));
        undo.push(() -> check(cuEventDestroy(event)));
        return event;
    }

    /** A kernel of native/cuda/src/main/cuda/example.cu. */
    CUfunction kernel(final String name) {
        final CUfunction function = new CUfunction();
        check(cuModuleGetFunction(function, module(ptx()), name));
        return function;
    }

    CUmodule module(final String ptx) {
        final CUmodule module = new CUmodule();
        check(cuModuleLoadData(module, image(ptx)));
        undo.push(() -> check(cuModuleUnload(module)));
        return module;
    }

    static String ptx() {
        try {
            return Files.readString(Path.of("../cuda/src/main/resources/org/clockwork/device/cuda/example.ptx"));
        } catch (final IOException ex) {
            throw new AssertionError(ex);
        }
    }

    static byte[] image(final String ptx) {
        final byte[] text = ptx.getBytes(StandardCharsets.US_ASCII);
        return Arrays.copyOf(text, text.length + 1);
    }

    void onClose(final Runnable action) {
        undo.push(action);
    }

    /** The context was lost: nothing can be given back, its end does that. */
    void abandon() {
        undo.clear();
    }

    @Override
    public void close() {
        while (!undo.isEmpty()) {
            undo.pop().run();
        }
        check(cuDevicePrimaryCtxRelease(device));
        noBreaches();
        assertEquals(Map.of(), EmulatedCuda.leftOver());
    }
}
