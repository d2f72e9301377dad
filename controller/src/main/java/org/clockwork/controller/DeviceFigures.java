package org.clockwork.controller;

/** What the way of requests knows about one device, for status reports. A carrier that its reader reuses. */
public final class DeviceFigures {
    /** Models in its memory, by the mirror. */
    public int modelsLoaded;
    /** Time the execution engine worked since the worker joined. */
    public long executeBusyNs;
    /** Time the load engine worked since the worker joined. */
    public long loadBusyNs;
    /** Time since the worker joined. */
    public long observedNs;
    /** Actions sent and not yet reported. */
    public int actionsOutstanding;
}
