package org.clockwork.device.emulated;

/** Who waits for whom on the way from host memory to the device. (The way back is never shared.) */
public enum PcieSharing {
    /** LOAD and inputs don't disturb each other: each takes exactly its own time. */
    SEPARATE,
    /** One at a time in the order of their starts: an input waits for a LOAD that is under way. */
    FIRST_COME,
    /** Inputs go at once; a LOAD under way pauses for them and ends later. */
    INPUTS_FIRST
}
