package org.clockwork.cli.run;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * The choice of threads and idling for a process, made once at its start and printed. More spinning threads than cores is
 * a disaster (milliseconds instead of microseconds), so spinning is chosen only if every spinning thread, the media
 * driver's too, has a core and one is left over.
 *
 * @param mode       SHARED or DEDICATED.
 * @param idle       SPIN, YIELD or BACKOFF.
 * @param cores      present.
 * @param spinning   threads that would spin if dedicated.
 * @param wasChosen  whether the mode followed from the cores, not from an option.
 */
public record ThreadingPlan(ThreadingMode mode, IdleMode idle, int cores, int spinning, boolean wasChosen) {
    /** Threads of a dedicated media driver: conductor, sender, receiver. */
    public static final int DRIVER_THREADS = 3;

    private static final int MAX_SPINS = 10;
    private static final int MAX_YIELDS = 5;
    private static final long MIN_PARK_NS = TimeUnit.MICROSECONDS.toNanos(1);
    private static final long MAX_PARK_NS = TimeUnit.MICROSECONDS.toNanos(50);

    /**
     * Chooses.
     *
     * @param mode         asked for, or AUTO.
     * @param idle         asked for, or AUTO.
     * @param cores        present.
     * @param agentThreads agent threads of the process when dedicated.
     * @param busyThreads  further threads that compute, such as a CPU device's.
     */
    public static ThreadingPlan choose(
        final ThreadingMode mode, final IdleMode idle, final int cores, final int agentThreads, final int busyThreads) {
        final int spinning = DRIVER_THREADS + agentThreads;
        final boolean fits = spinning + busyThreads <= cores - 1;
        final ThreadingMode chosenMode =
            ThreadingMode.AUTO != mode ? mode : fits ? ThreadingMode.DEDICATED : ThreadingMode.SHARED;
        final IdleMode chosenIdle = IdleMode.AUTO != idle ? idle
            : ThreadingMode.DEDICATED == chosenMode && fits ? IdleMode.SPIN : IdleMode.BACKOFF;
        return new ThreadingPlan(chosenMode, chosenIdle, cores, spinning, ThreadingMode.AUTO == mode);
    }

    /** A new idle strategy; each thread has its own. */
    public IdleStrategy newIdleStrategy() {
        return switch (idle) {
            case SPIN -> BusySpinIdleStrategy.INSTANCE;
            case YIELD -> YieldingIdleStrategy.INSTANCE;
            default -> new BackoffIdleStrategy(MAX_SPINS, MAX_YIELDS, MIN_PARK_NS, MAX_PARK_NS);
        };
    }

    /** A sentence for the start of the process. */
    public String describe() {
        final String how = ThreadingMode.DEDICATED == mode
            ? "a thread for each agent and " + DRIVER_THREADS + " for the media driver"
            : "one thread for the media driver and all agents";
        final String idling = switch (idle) {
            case SPIN -> "busy-spinning";
            case YIELD -> "yielding";
            default -> "backing off 1-50 us";
        };
        final String why = wasChosen
            ? String.format(Locale.ROOT, "chosen for %d cores; %d would spin; change with --threading, --idle", cores, spinning)
            : "as asked for";
        return "threads: " + how + ", " + idling + " (" + why + ")";
    }
}
