package org.clockwork.device.cuda;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.ptr.LongByReference;

/**
 * The driver's calls that make pages of memory and let a GPU see them. JCuda 12.6 has them, but its native side reads the
 * location of an access and the flags of an allocation from the wrong Java object, so that the driver gets what happens to lie
 * there; these three are called directly. Used at the start, and by the load engine's thread.
 */
final class VirtualMemory {
    private static final String LIBRARY = "libcuda.so.1";
    private static final int PINNED = 1;
    private static final int ON_DEVICE = 1;
    private static final int READ_AND_WRITE = 3;
    // CUmemAllocationProp: what, kind of handle, location, metadata, flags
    private static final int PROPERTIES_BYTES = 32;
    private static final int LOCATION_TYPE_AT = 8;
    private static final int LOCATION_ID_AT = 12;
    // CUmemAccessDesc: location, flags
    private static final int ACCESS_BYTES = 12;
    private static final int ACCESS_ID_AT = 4;
    private static final int ACCESS_FLAGS_AT = 8;

    private final Function create;
    private final Function granularity;
    private final Function setAccess;
    private final Memory properties = new Memory(PROPERTIES_BYTES);
    private final Memory access = new Memory(ACCESS_BYTES);

    VirtualMemory(final int ordinal) {
        final NativeLibrary library = NativeLibrary.getInstance(LIBRARY);
        create = library.getFunction("cuMemCreate");
        granularity = library.getFunction("cuMemGetAllocationGranularity");
        setAccess = library.getFunction("cuMemSetAccess");
        properties.clear();
        properties.setInt(0, PINNED);
        properties.setInt(LOCATION_TYPE_AT, ON_DEVICE);
        properties.setInt(LOCATION_ID_AT, ordinal);
        access.setInt(0, ON_DEVICE);
        access.setInt(ACCESS_ID_AT, ordinal);
        access.setInt(ACCESS_FLAGS_AT, READ_AND_WRITE);
    }

    /** The size that sizes of pages are multiples of. */
    long granularity() throws CudaException {
        final LongByReference bytes = new LongByReference();
        CudaException.check(granularity.invokeInt(new Object[] {bytes, properties, 0}), "cuMemGetAllocationGranularity");
        return bytes.getValue();
    }

    /** Memory without an address; its handle. */
    long create(final long bytes) throws CudaException {
        final LongByReference handle = new LongByReference();
        CudaException.check(create.invokeInt(new Object[] {handle, bytes, properties, 0L}), "cuMemCreate");
        return handle.getValue();
    }

    /** The GPU may read and write what is mapped there. */
    void allow(final long address, final long bytes) throws CudaException {
        CudaException.check(setAccess.invokeInt(new Object[] {address, bytes, access, 1L}), "cuMemSetAccess");
    }
}
