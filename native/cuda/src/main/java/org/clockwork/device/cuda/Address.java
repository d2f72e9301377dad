package org.clockwork.device.cuda;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;

/**
 * Native addresses in JCuda's pointer objects. JCuda's pointers can't be changed from outside, and one for each call would
 * be garbage; here they are moved, so that they can be made once. Stateless.
 */
final class Address {
    private static final VarHandle NATIVE = handle();

    private Address() {
    }

    private static VarHandle handle() {
        try {
            return MethodHandles.privateLookupIn(NativePointerObject.class, MethodHandles.lookup())
                .findVarHandle(NativePointerObject.class, "nativePointer", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** What it points to. */
    static long of(final NativePointerObject pointer) {
        return (long) NATIVE.get(pointer);
    }

    /** Points elsewhere. */
    static void move(final NativePointerObject pointer, final long address) {
        NATIVE.set(pointer, address);
    }

    /** A pointer to memory of a device. */
    static CUdeviceptr device(final long address) {
        final CUdeviceptr pointer = new CUdeviceptr();
        move(pointer, address);
        return pointer;
    }

    /** A pointer to memory of the host. */
    static Pointer host(final long address) {
        final Pointer pointer = new Pointer();
        move(pointer, address);
        return pointer;
    }
}
