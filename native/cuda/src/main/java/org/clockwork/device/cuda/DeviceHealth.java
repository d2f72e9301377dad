package org.clockwork.device.cuda;

/** Whether a GPU failed for good, and why. Shared by its engines and the agent; it never gets better. */
final class DeviceHealth {
    private volatile String why;

    /** The device failed for good; the first reason stays. */
    synchronized void lose(final String reason) {
        if (why == null) {
            why = reason == null ? "unknown" : reason;
        }
    }

    boolean isLost() {
        return why != null;
    }

    /** The reason, or null. */
    String why() {
        return why;
    }
}
