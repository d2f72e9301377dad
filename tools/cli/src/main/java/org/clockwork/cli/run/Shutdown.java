package org.clockwork.cli.run;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Turns SIGTERM and Ctrl-C into a request to end: the command's own thread closes everything in order and the process then
 * ends with the command's exit code. A command that takes longer than the limit is ended regardless. Any thread may call it.
 */
public final class Shutdown {
    private static final int STILL_RUNNING = 130;

    private final long limitNs;
    private final CompletableFuture<Void> requested = new CompletableFuture<>();
    private final CountDownLatch finished = new CountDownLatch(1);
    private final AtomicBoolean isArmed = new AtomicBoolean();
    private volatile int exitCode = STILL_RUNNING;

    /** A command has this long to end once it was asked to. */
    public Shutdown(final long limitNs) {
        this.limitNs = limitNs;
    }

    /** From now on, signals ask this to end the process. */
    public Shutdown arm() {
        if (isArmed.compareAndSet(false, true)) {
            try {
                Runtime.getRuntime().addShutdownHook(new Thread(this::onSignal, "clockwork-shutdown"));
            } catch (final IllegalStateException ex) {
                requested.complete(null);
            }
        }
        return this;
    }

    /** Asks the command to end, as a signal does. */
    public void request() {
        requested.complete(null);
    }

    /** Whether the command was asked to end. */
    public boolean isRequested() {
        return requested.isDone();
    }

    /** Waits until the command is asked to end, or the time is over; true if it was asked. */
    public boolean await(final long timeoutNs) {
        return awaitOr(requested, timeoutNs);
    }

    /** Waits until the command is asked to end, or something else is done, or the time is over; true unless it is over. */
    public boolean awaitOr(final CompletableFuture<?> other, final long timeoutNs) {
        final boolean isOver = !await(CompletableFuture.anyOf(requested, other), timeoutNs);
        if (Thread.currentThread().isInterrupted()) {
            requested.complete(null);
        }
        return !isOver;
    }

    /** Waits until something is done, however it ended, or the time is over, or the thread is interrupted; true if done. */
    public static boolean await(final CompletableFuture<?> future, final long timeoutNs) {
        try {
            future.get(timeoutNs, TimeUnit.NANOSECONDS);
            return true;
        } catch (final TimeoutException ex) {
            return false;
        } catch (final ExecutionException ex) {
            return true;
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** The command has closed everything; the process may end with this code. */
    public void finished(final int code) {
        exitCode = code;
        finished.countDown();
    }

    private void onSignal() {
        if (0 == finished.getCount()) {
            return;
        }
        requested.complete(null);
        try {
            if (finished.await(limitNs, TimeUnit.NANOSECONDS)) {
                System.out.flush();
                Runtime.getRuntime().halt(exitCode);
            }
            System.err.println("did not end in time after a signal; giving up");
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }
}
