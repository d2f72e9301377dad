package org.clockwork.sim.check;

import org.clockwork.controller.action.Action;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.telemetry.PathObserver;
import org.clockwork.schema.codec.Status;

/** Two observers of one controller, told one after the other. */
public final class ObserverChain implements PathObserver {
    private final PathObserver first;
    private final PathObserver second;

    private ObserverChain(final PathObserver first, final PathObserver second) {
        this.first = first;
        this.second = second;
    }

    /** Both; the other alone if one of them sees nothing. */
    public static PathObserver of(final PathObserver first, final PathObserver second) {
        return second == PathObserver.NONE ? first : first == PathObserver.NONE ? second : new ObserverChain(first, second);
    }

    @Override
    public void onRequestEnded(final Request request, final Status status, final long totalNs, final long nowNs) {
        first.onRequestEnded(request, status, totalNs, nowNs);
        second.onRequestEnded(request, status, totalNs, nowNs);
    }

    @Override
    public void onRequestRefused(
        final long sessionId, final long clientId, final long modelId, final Status status, final long nowNs) {
        first.onRequestRefused(sessionId, clientId, modelId, status, nowNs);
        second.onRequestRefused(sessionId, clientId, modelId, status, nowNs);
    }

    @Override
    public void onActionMade(final Action action, final long nowNs) {
        first.onActionMade(action, nowNs);
        second.onActionMade(action, nowNs);
    }

    @Override
    public void onActionEnded(
        final Action action, final Status status, final long startNs, final long copyInNs,
        final long executeNs, final long copyOutNs, final long endNs, final long nowNs) {
        first.onActionEnded(action, status, startNs, copyInNs, executeNs, copyOutNs, endNs, nowNs);
        second.onActionEnded(action, status, startNs, copyInNs, executeNs, copyOutNs, endNs, nowNs);
    }
}
