package org.clockwork.onednn;

import org.bytedeco.javacpp.Pointer;

/** A native address that somebody else owns. Not shared between threads. */
final class Address extends Pointer {
    Address(final long address) {
        super((Pointer) null);
        this.address = address;
    }

    /** Points elsewhere. */
    Address at(final long newAddress) {
        address = newAddress;
        return this;
    }
}
