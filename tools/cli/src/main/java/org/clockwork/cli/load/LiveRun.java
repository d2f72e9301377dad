package org.clockwork.cli.load;

import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.clockwork.cli.run.Shutdown;
import org.clockwork.cli.run.UserError;
import org.clockwork.loadgen.Environment;
import org.clockwork.loadgen.IntervalLog;
import org.clockwork.loadgen.LoadDriver;
import org.clockwork.loadgen.Outcome;
import org.clockwork.loadgen.Recorder;
import org.clockwork.loadgen.Summary;
import picocli.CommandLine.Model.CommandSpec;

/** Watches a live load from the command's thread: a line a second, the interval log, and Ctrl-C. */
public final class LiveRun {
    private static final long TICK_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long DRAIN_LIMIT_NS = TimeUnit.SECONDS.toNanos(60);

    private LiveRun() {
    }

    /**
     * Waits until the load has ended; each second a line of progress is printed and an interval logged.
     *
     * @param agent    that runs it.
     * @param ended    from {@link ClientAgent#run}.
     * @param recorder of the load; its counts are read while they grow, so the line is a glance and no result.
     * @param log      null for none.
     * @param shutdown a signal stops the sending; what is in flight is waited for.
     * @param lengthNs warm-up and recorded part.
     * @throws UserError if requests have not ended long after the last was sent.
     */
    public static LoadDriver watch(
        final ClientAgent agent, final CompletableFuture<LoadDriver> ended, final Recorder recorder,
        final IntervalLog log, final Shutdown shutdown, final long lengthNs) {
        final long startNs = System.nanoTime();
        boolean isStopped = false;
        while (!ended.isDone()) {
            final boolean isAsked = shutdown.isRequested();
            if (isAsked && !isStopped) {
                System.out.println("stopping: waiting for what is in flight");
                ClientAgent.await(agent.stop());
                isStopped = true;
            }
            if (isStopped) {
                Shutdown.await(ended, TICK_NS / 10);
            } else {
                shutdown.awaitOr(ended, TICK_NS);
            }
            final long sinceNs = System.nanoTime() - startNs;
            if (null != log) {
                log.write(sinceNs);
            }
            if (!ended.isDone()) {
                System.out.println(line(recorder, agent.inFlight(), sinceNs));
            }
            if (sinceNs - lengthNs > DRAIN_LIMIT_NS) {
                throw new UserError(agent.inFlight() + " requests have not ended a minute after the last was sent");
            }
        }
        return ClientAgent.await(ended);
    }

    /** About a live run, for its summary. */
    public static Summary.Run about(
        final CommandSpec command, final LoadDriver driver, final long seed, final long wallStartNs) {
        return new Summary.Run(
            driver.recordedNs(), System.nanoTime() - wallStartNs, seed, commandLine(command), Environment.capture(), true);
    }

    /** What the user typed, as far as it is known. */
    public static String commandLine(final CommandSpec command) {
        return command.qualifiedName() + ' ' + String.join(" ", command.commandLine().getParseResult().originalArgs().stream()
            .skip(command.qualifiedName().chars().filter(c -> ' ' == c).count()).toList());
    }

    private static String line(final Recorder recorder, final long inFlight, final long sinceNs) {
        final long offered = recorder.offered();
        final long inTime = recorder.count(Outcome.IN_TIME);
        final long ended = inTime + recorder.count(Outcome.LATE) + recorder.count(Outcome.REFUSED)
            + recorder.count(Outcome.FAILED) + recorder.count(Outcome.CANCELLED);
        return String.format(Locale.ROOT,
            "%6.1f s  offered %d, in time %d (%.2f %% of ended), late %d, refused %d, failed %d, in flight %d",
            sinceNs / 1e9, offered, inTime, 0 == ended ? 100.0 : Math.floor(10_000.0 * inTime / ended) / 100.0,
            recorder.count(Outcome.LATE), recorder.count(Outcome.REFUSED), recorder.count(Outcome.FAILED), inFlight);
    }
}
