package org.clockwork.device.cpu;

import org.clockwork.onednn.OneDnnModel;

/**
 * A model's plans ready to run on oneDNN over the device's I/O slot and workspace. Closed with its model; executed by the
 * execution engine's thread.
 *
 * @param program     all calls.
 * @param payload     address of the weights in host memory, as a LOAD copies them.
 * @param bytes       of the weights.
 * @param primitives  bytes that the calls took when they were made.
 * @param description of what runs, for people.
 */
record PlanRun(OneDnnModel program, long payload, long bytes, long primitives, String description) {
    void close(final NativeMemory memory) {
        program.close();
        if (bytes > 0) {
            memory.free(NativeMemory.Tag.HOST_WEIGHTS, payload, bytes);
        }
    }
}
