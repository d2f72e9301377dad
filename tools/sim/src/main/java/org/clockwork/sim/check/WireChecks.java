package org.clockwork.sim.check;

import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.ActionResultDecoder;
import org.clockwork.schema.codec.InferDecoder;
import org.clockwork.schema.codec.InferRequestDecoder;
import org.clockwork.schema.codec.LoadDecoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.ProfileDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.UnloadDecoder;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.memory.MessageTap;

/**
 * Reads actions and results as they are delivered: each action has one result, its times lie in its window, and an
 * execution is remembered by the requests that it named. Single-threaded; allocates only to grow.
 */
final class WireChecks implements MessageTap {
    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;
    private static final int VERSION = ActionResultDecoder.SCHEMA_VERSION;
    private static final int MAX_INDEX = 1 << 22;
    private static final long NO_LINK = -1;

    private final Findings findings;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final LoadDecoder load = new LoadDecoder();
    private final UnloadDecoder unload = new UnloadDecoder();
    private final InferDecoder infer = new InferDecoder();
    private final ProfileDecoder profile = new ProfileDecoder();
    private final ActionResultDecoder result = new ActionResultDecoder();
    private final InferRequestDecoder request = new InferRequestDecoder();

    private Delivered[] delivered = new Delivered[1024];
    /** By the index of the controller's request ids: the request that was executed last. */
    private long[] executed = new long[1024];
    /** By endpoint: the link on which something was delivered last. */
    private long[] lastLinks = new long[16];
    private long strayResults;
    private long leftNs = Long.MAX_VALUE;

    WireChecks(final Findings findings) {
        this.findings = findings;
        Arrays.fill(executed, -1);
    }

    /** A controller starts, whose ids begin anew. */
    void onController() {
        Arrays.fill(executed, -1);
        for (final Delivered action : delivered) {
            if (action != null) {
                action.isOpen = false;
            }
        }
    }

    /** Whether a request of this id at the controller was executed and reported. */
    boolean isExecuted(final long requestId) {
        final int index = Ids.index(requestId);
        return index >= 0 && index < executed.length && executed[index] == requestId;
    }

    /** What was left of the SLO of the INFER-REQUEST delivered last; Long.MAX_VALUE if it had none. */
    long leftNs() {
        return leftNs;
    }

    /** Results that belong to no action known on their link: of an action that was given up, or an older link. */
    long strayResults() {
        return strayResults;
    }

    /** Reports actions that workers have, on links that live, and that should have ended by now. */
    void checkQuiet() {
        for (final Delivered action : delivered) {
            if (action != null && action.isOpen && lastLinks[action.worker] == action.linkId) {
                findings.report(Check.ACTION_END, action + " of worker endpoint " + action.worker + " has no result");
            }
        }
    }

    /** An endpoint's process is gone: nothing comes from it any more. */
    void onGone(final int endpoint) {
        if (endpoint < lastLinks.length) {
            lastLinks[endpoint] = NO_LINK;
        }
    }

    @Override
    public void onDelivery(
        final int from, final int to, final long linkId, final int lane,
        final DirectBuffer buffer, final int offset, final int length) {
        if (lane != Link.CONTROL || length < HEADER) {
            return;
        }
        if (to >= lastLinks.length) {
            lastLinks = Arrays.copyOf(lastLinks, Math.max(to + 1, lastLinks.length * 2));
        }
        lastLinks[to] = linkId;
        header.wrap(buffer, offset);
        final int block = header.blockLength();
        final int body = offset + HEADER;
        switch (header.templateId()) {
            case InferRequestDecoder.TEMPLATE_ID -> {
                request.wrap(buffer, body, block, VERSION);
                leftNs = request.sloNs() == Protocol.NULL_NS ? Long.MAX_VALUE : request.sloNs() - request.elapsedNs();
            }
            case LoadDecoder.TEMPLATE_ID -> {
                load.wrap(buffer, body, block, VERSION);
                onAction(to, linkId, ActionKind.LOAD, load.actionId(), load.earliestNs(), load.latestNs());
            }
            case UnloadDecoder.TEMPLATE_ID -> {
                unload.wrap(buffer, body, block, VERSION);
                onAction(to, linkId, ActionKind.UNLOAD, unload.actionId(), unload.earliestNs(), unload.latestNs());
            }
            case ProfileDecoder.TEMPLATE_ID -> {
                profile.wrap(buffer, body, block, VERSION);
                onAction(to, linkId, ActionKind.PROFILE, profile.actionId(), profile.earliestNs(), profile.latestNs());
            }
            case InferDecoder.TEMPLATE_ID -> onInfer(to, linkId, buffer, body, block);
            case ActionResultDecoder.TEMPLATE_ID -> onResult(linkId, buffer, body, block);
            default -> {
            }
        }
    }

    private void onInfer(final int to, final long linkId, final DirectBuffer buffer, final int body, final int block) {
        infer.wrap(buffer, body, block, VERSION);
        final Delivered action =
            onAction(to, linkId, ActionKind.INFER, infer.actionId(), infer.earliestNs(), infer.latestNs());
        if (action == null) {
            return;
        }
        final InferDecoder.RequestsDecoder requests = infer.requests();
        while (requests.hasNext() && action.requestCount < action.requestIds.length) {
            requests.next();
            action.requestIds[action.requestCount++] = requests.requestId();
            requests.skipInput();
        }
    }

    private Delivered onAction(
        final int to, final long linkId, final ActionKind kind, final long actionId,
        final long earliestNs, final long latestNs) {
        findings.look(Check.ACTION_END);
        final int index = Ids.index(actionId);
        if (index < 0 || index >= MAX_INDEX) {
            findings.report(Check.ACTION_END, kind + " of id " + actionId);
            return null;
        }
        if (index >= delivered.length) {
            delivered = Arrays.copyOf(delivered, Math.max(index + 1, delivered.length * 2));
        }
        if (delivered[index] == null) {
            delivered[index] = new Delivered();
        }
        final Delivered action = delivered[index];
        if (action.isOpen && action.linkId == linkId && action.actionId == actionId) {
            findings.report(Check.ACTION_END, kind + " " + actionId + " came twice");
        }
        action.isOpen = true;
        action.worker = to;
        action.linkId = linkId;
        action.actionId = actionId;
        action.kind = kind;
        action.earliestNs = earliestNs;
        action.latestNs = latestNs;
        action.requestCount = 0;
        return action;
    }

    private void onResult(final long linkId, final DirectBuffer buffer, final int body, final int block) {
        result.wrap(buffer, body, block, VERSION);
        final long actionId = result.actionId();
        final int index = Ids.index(actionId);
        final Delivered action = index >= 0 && index < delivered.length ? delivered[index] : null;
        if (action == null || action.linkId != linkId || action.actionId != actionId) {
            final boolean isGivenUp = action != null
                && (action.linkId != linkId || Ids.generation(action.actionId) - Ids.generation(actionId) > 0);
            strayResults++;
            if (!isGivenUp) {
                findings.report(Check.ACTION_END, "result of action " + actionId + " that was not delivered");
            }
            return;
        }
        if (!action.isOpen) {
            findings.report(Check.ACTION_END, action.kind + " " + actionId + " has two results");
        }
        action.isOpen = false;
        if (result.kind() != action.kind) {
            findings.report(Check.ACTION_END, action.kind + " " + actionId + " has a result of kind " + result.kind());
        }
        if (result.status() == Status.OK) {
            checkWindow(action);
            if (action.kind == ActionKind.INFER) {
                noteExecuted(action);
            }
        }
    }

    private void checkWindow(final Delivered action) {
        findings.look(Check.WINDOW);
        final long startNs = result.startNs();
        final long engineNs = result.executeStartNs();
        if (startNs == Protocol.NULL_NS || engineNs == Protocol.NULL_NS || result.endNs() == Protocol.NULL_NS) {
            findings.report(Check.WINDOW, action + " was done and has no times");
            return;
        }
        if (startNs - action.earliestNs < 0) {
            findings.report(Check.WINDOW, action + " started " + (action.earliestNs - startNs) + " ns too early");
        }
        if (engineNs - result.copyInNs() - action.latestNs > 0) {
            findings.report(Check.WINDOW, action + " started " + (engineNs - result.copyInNs() - action.latestNs)
                + " ns too late");
        }
        if (result.endNs() - result.sentNs() > 0 || engineNs + result.executeNs() - result.endNs() > 0) {
            findings.report(Check.ENGINE, action + " ended after its result was sent, or before its execution");
        }
    }

    private void noteExecuted(final Delivered action) {
        final ActionResultDecoder.OutputsDecoder outputs = result.outputs();
        int place = 0;
        while (outputs.hasNext()) {
            outputs.next();
            final long requestId = outputs.requestId();
            if (place >= action.requestCount || action.requestIds[place] != requestId) {
                findings.report(Check.EXECUTED, action + " has a result for request " + requestId + " at place " + place);
            } else {
                final int index = Ids.index(requestId);
                if (index >= executed.length) {
                    final int before = executed.length;
                    executed = Arrays.copyOf(executed, Math.max(index + 1, before * 2));
                    Arrays.fill(executed, before, executed.length, -1);
                }
                executed[index] = requestId;
            }
            place++;
            outputs.skipOutput();
        }
    }

    /** An action as its worker was told. */
    private static final class Delivered {
        private final long[] requestIds = new long[Protocol.MAX_BATCH];
        private boolean isOpen;
        private int worker;
        private long linkId;
        private long actionId;
        private ActionKind kind;
        private long earliestNs;
        private long latestNs;
        private int requestCount;

        @Override
        public String toString() {
            return kind + " " + actionId;
        }
    }
}
