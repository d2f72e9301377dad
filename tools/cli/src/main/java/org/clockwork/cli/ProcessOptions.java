package org.clockwork.cli;

import org.clockwork.cli.run.IdleMode;
import org.clockwork.cli.run.ThreadingMode;
import org.clockwork.cli.run.ThreadingPlan;
import picocli.CommandLine.Option;

/** Options of a process that runs agents: its threads and its Aeron directory. */
final class ProcessOptions {
    @Option(
        names = "--threading", paramLabel = "MODE", defaultValue = "auto",
        description = "auto, shared (one thread for all) or dedicated (a thread each). Auto looks at the cores. Default: auto.")
    private ThreadingMode threading;

    @Option(
        names = "--idle", paramLabel = "MODE", defaultValue = "auto",
        description = "auto, spin, yield or backoff: what a thread does when it finds nothing to do. Default: auto.")
    private IdleMode idle;

    @Option(
        names = "--aeron-dir", paramLabel = "DIR",
        description = "Joins the media driver of this directory (see `clockwork driver`) instead of starting one of its own.")
    private String aeronDirectory;

    ThreadingPlan plan(final int agentThreads, final int busyThreads) {
        final int cores = Runtime.getRuntime().availableProcessors();
        return ThreadingPlan.choose(threading, idle, cores, agentThreads, busyThreads);
    }

    /** Of an external driver, or null. */
    String aeronDirectory() {
        return aeronDirectory;
    }
}
