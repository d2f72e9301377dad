package org.clockwork.sim.check;

import java.util.Arrays;
import org.clockwork.controller.RequestPathContext;
import org.clockwork.controller.action.Action;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.telemetry.PathObserver;
import org.clockwork.schema.codec.Status;

/** Looks at each end of a request and each action of one controller. Single-threaded; allocates only to grow. */
final class PathChecks implements PathObserver {
    private static final long NONE = -1;

    private final Findings findings;
    private final WireChecks wire;
    private final RefusalChecks refusals;
    private long[] made = new long[1024];
    private long[] endedRequests = new long[1024];
    private int open;

    PathChecks(
        final RequestPathContext options, final WireChecks wire, final Findings findings, final RefusalCounts counts) {
        this.findings = findings;
        this.wire = wire;
        refusals = new RefusalChecks(options, findings, counts);
        Arrays.fill(made, NONE);
        Arrays.fill(endedRequests, NONE);
    }

    /** Actions that have not ended. */
    int openActions() {
        return open;
    }

    @Override
    public void onActionMade(final Action action, final long nowNs) {
        if (action.index >= made.length) {
            made = grown(made, action.index);
        }
        if (made[action.index] != NONE) {
            findings.report(Check.ACTION_END, action.kind + " " + action.id() + " was made before its slot's last had ended");
        } else {
            open++;
        }
        made[action.index] = action.id();
        refusals.onActionMade(action, nowNs);
    }

    @Override
    public void onActionEnded(
        final Action action, final Status status, final long startNs, final long copyInNs,
        final long executeNs, final long copyOutNs, final long endNs, final long nowNs) {
        findings.look(Check.ACTION_END);
        if (action.index >= made.length || made[action.index] != action.id()) {
            findings.report(Check.ACTION_END, action.kind + " " + action.id() + " ended with " + status
                + " and had ended before, or was never made");
            return;
        }
        made[action.index] = NONE;
        open--;
        refusals.onActionEnded(action, status, startNs, executeNs, nowNs);
    }

    @Override
    public void onRequestEnded(final Request request, final Status status, final long totalNs, final long nowNs) {
        if (request.index >= endedRequests.length) {
            endedRequests = grown(endedRequests, request.index);
        }
        final long id = request.id();
        findings.look(Check.ONE_END);
        if (endedRequests[request.index] == id) {
            findings.report(Check.ONE_END, "request " + id + " ended twice at the controller, now with " + status);
        }
        endedRequests[request.index] = id;
        if (status == Status.OK) {
            findings.look(Check.EXECUTED);
            if (!wire.isExecuted(id)) {
                findings.report(Check.EXECUTED, "request " + id + " was answered and not executed");
            }
        } else if (RefusalCounts.isRefusal(status)) {
            refusals.onRefused(request, status, nowNs);
        }
    }

    @Override
    public void onRequestRefused(
        final long sessionId, final long clientId, final long modelId, final Status status, final long nowNs) {
        if (RefusalCounts.isRefusal(status)) {
            refusals.onRefusedAtArrival(status, wire.leftNs());
        }
    }

    private static long[] grown(final long[] ids, final int index) {
        final long[] larger = Arrays.copyOf(ids, Math.max(index + 1, ids.length * 2));
        Arrays.fill(larger, ids.length, larger.length, NONE);
        return larger;
    }
}
