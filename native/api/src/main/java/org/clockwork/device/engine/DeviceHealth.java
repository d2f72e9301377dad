package org.clockwork.device.engine;

/** Whether a device failed for good, and why. Shared by its engines and the agent; it never gets better. */
public final class DeviceHealth {
    private volatile String why;

    /** The device failed for good; the first reason stays. */
    public synchronized void lose(final String reason) {
        if (why == null) {
            why = reason == null ? "unknown" : reason;
        }
    }

    /** Whether the device failed for good. */
    public boolean isLost() {
        return why != null;
    }

    /** The reason, or null. */
    public String why() {
        return why;
    }
}
