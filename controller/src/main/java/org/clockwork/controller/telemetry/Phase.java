package org.clockwork.controller.telemetry;

/** Where the time of an answered request went; each has a histogram, tagged with its label in the interval log. */
public enum Phase {
    /** Arrival to the start of copy-in, without loading. */
    QUEUE("queue"),
    /** Part of the wait in which the model was being loaded; recorded for cold requests only. */
    LOAD("load"),
    /** Input to the device. */
    COPY_IN("copyIn"),
    /** On the device. */
    EXECUTE("execute"),
    /** Output from the device. */
    COPY_OUT("copyOut"),
    /** To the worker and back. */
    NETWORK("network"),
    /** Arrival at the controller to the response. */
    TOTAL("total");

    private final String label;

    Phase(final String label) {
        this.label = label;
    }

    /** Tag in the interval log. */
    public String label() {
        return label;
    }
}
