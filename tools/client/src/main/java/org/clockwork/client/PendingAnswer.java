package org.clockwork.client;

import java.util.concurrent.CompletableFuture;

/** The future of one call, and what the client's thread must know of it. Handed from the caller's thread to it. */
final class PendingAnswer extends CompletableFuture<Answer> {
    final InferCall call;
    final long calledNs;
    /** Owned by the client's thread: 0 until the request is sent. */
    long requestId;

    private final ClientAgent agent;

    PendingAnswer(final ClientAgent agent, final InferCall call, final long calledNs) {
        this.agent = agent;
        this.call = call;
        this.calledNs = calledNs;
    }

    /** Ends the future, and takes the request back if that is still possible. */
    @Override
    public boolean cancel(final boolean mayInterruptIfRunning) {
        final boolean isCancelled = super.cancel(mayInterruptIfRunning);
        if (isCancelled) {
            agent.takeBack(this);
        }
        return isCancelled;
    }
}
