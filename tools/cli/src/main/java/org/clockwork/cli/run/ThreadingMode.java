package org.clockwork.cli.run;

/** How the agents of a process are spread over threads. */
public enum ThreadingMode {
    /** By the cores present: dedicated if all spinning threads, the driver's too, fit in cores - 1; else shared. */
    AUTO,
    /** One thread runs the media driver, the Aeron client and all agents in turn. */
    SHARED,
    /** The media driver has its own three threads, the agents theirs. */
    DEDICATED
}
