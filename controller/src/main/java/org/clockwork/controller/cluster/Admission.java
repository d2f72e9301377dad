package org.clockwork.controller.cluster;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.controller.wire.Names;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.HelloDecoder;
import org.clockwork.schema.codec.Status;

/** Reads a HELLO and judges whether it contradicts itself. Owned by the controller agent. */
final class Admission {
    private static final int MAX_TEXT = 256;

    /** What a HELLO says about one device. */
    record Device(
        int pageBytes, int totalPages, int freePages, int maxBatch, int inferDepth,
        boolean isEmulated, boolean isLost, String description) {
    }

    Status status;
    String detail;
    long correlationId;
    long incarnation;
    final List<Device> devices = new ArrayList<>();
    String name;
    String backend;
    String build;
    byte[] credentials;

    /** Reads all of a HELLO; afterwards {@link #status} is OK, INVALID_HELLO or INCOMPATIBLE_VERSION. */
    void read(final HelloDecoder hello, final int maxDevices) {
        status = Status.OK;
        detail = "";
        devices.clear();
        correlationId = hello.correlationId();
        incarnation = hello.incarnation();
        if (hello.schemaVersion() != Protocol.VERSION || hello.actingVersion() != Protocol.VERSION) {
            refuse(Status.INCOMPATIBLE_VERSION, "schema version " + hello.schemaVersion()
                + " in a message of version " + hello.actingVersion() + "; spoken here is version " + Protocol.VERSION);
            return;
        }
        final HelloDecoder.DevicesDecoder group = hello.devices();
        if (group.count() == 0 || group.count() > maxDevices) {
            refuse(Status.INVALID_HELLO, "devices=" + group.count() + " must be 1 to " + maxDevices);
            return;
        }
        while (group.hasNext()) {
            readDevice(group.next(), devices.size());
        }
        name = hello.workerName();
        backend = hello.backend();
        build = hello.build();
        credentials = new byte[hello.credentialsLength()];
        hello.getCredentials(credentials, 0, credentials.length);
        if (!Names.isValid(name)) {
            refuse(Status.INVALID_HELLO, "workerName is no name of 1 to 128 letters, digits and . _ - / :");
        } else if (backend.isEmpty() || backend.length() > MAX_TEXT || build.length() > MAX_TEXT) {
            refuse(Status.INVALID_HELLO, "backend and build must be texts of up to " + MAX_TEXT + " characters");
        }
    }

    private void readDevice(final HelloDecoder.DevicesDecoder device, final int index) {
        final boolean isEmulated = device.flags().emulated();
        final boolean isLost = device.flags().lost();
        final Device read = new Device(
            device.pageBytes(), device.totalPages(), device.freePages(), device.maxBatch(), device.inferDepth(),
            isEmulated, isLost, device.description());
        devices.add(read);
        if (read.pageBytes < 1 || read.totalPages < 0 || read.freePages < 0 || read.freePages > read.totalPages) {
            refuse(Status.INVALID_HELLO, "device=" + index + " pageBytes=" + read.pageBytes
                + " totalPages=" + read.totalPages + " freePages=" + read.freePages);
        } else if (read.maxBatch < 1 || read.inferDepth < 1 || read.description.length() > MAX_TEXT) {
            refuse(Status.INVALID_HELLO, "device=" + index + " maxBatch=" + read.maxBatch
                + " inferDepth=" + read.inferDepth + " description of " + read.description.length() + " characters");
        } else if (isEmulated != devices.get(0).isEmulated) {
            refuse(Status.INVALID_HELLO, "device=" + index + " is emulated, another of this worker is not, or the reverse");
        }
    }

    /** Takes the first reason against a HELLO. */
    void refuse(final Status why, final String sentence) {
        if (status == Status.OK) {
            status = why;
            detail = sentence;
        }
    }
}
