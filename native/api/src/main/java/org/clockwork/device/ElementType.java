package org.clockwork.device;

/** Type of a tensor's elements. */
public enum ElementType {
    /** IEEE 754 single precision. */
    FLOAT32(4),
    /** IEEE 754 half precision. */
    FLOAT16(2),
    /** The upper half of a FLOAT32. */
    BFLOAT16(2),
    /** IEEE 754 double precision. */
    FLOAT64(8),
    /** Signed byte. */
    INT8(1),
    /** Unsigned byte. */
    UINT8(1),
    /** Signed 32-bit integer. */
    INT32(4),
    /** Signed 64-bit integer. */
    INT64(8),
    /** One byte, 0 or 1. */
    BOOL(1);

    private final int bytes;

    ElementType(final int bytes) {
        this.bytes = bytes;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }
}
