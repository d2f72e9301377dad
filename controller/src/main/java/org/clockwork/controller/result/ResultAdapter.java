package org.clockwork.controller.result;

import org.agrona.DirectBuffer;
import org.clockwork.controller.PathFigures;
import org.clockwork.controller.action.Action;
import org.clockwork.controller.action.ActionTable;
import org.clockwork.controller.cluster.ClockOffset;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.schedule.DevicePlan;
import org.clockwork.controller.schedule.MemoryMirror;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.ActionResultDecoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.Status;

/**
 * Station 8: reads results, matches them with their actions by index and generation, and translates the worker's times
 * into ours. Owned by the controller agent.
 */
public final class ResultAdapter {
    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;

    private final ActionTable actions;
    private final ActionEnds ends;
    private final MemoryMirror mirror;
    private final PathFigures figures;
    private final ActionTimes times = new ActionTimes();
    private final ActionResultDecoder result = new ActionResultDecoder();

    /** An adapter for results of actions of this table. */
    public ResultAdapter(
        final ActionTable actions, final ActionEnds ends, final MemoryMirror mirror, final PathFigures figures) {
        this.actions = actions;
        this.ends = ends;
        this.mirror = mirror;
        this.figures = figures;
    }

    /**
     * Reads an ACTION-RESULT.
     *
     * @return the device if the worker says that it failed for good, else null.
     */
    public DevicePlan onActionResult(
        final WorkerState worker, final DirectBuffer buffer, final int offset, final long nowNs) {
        result.wrap(buffer, offset + HEADER, ActionResultDecoder.BLOCK_LENGTH, ActionResultDecoder.SCHEMA_VERSION);
        final Action action = actions.byId(result.actionId());
        if (action == null || action.device.worker.state != worker || !action.isSent) {
            figures.lateResults++;
            return null;
        }
        final DevicePlan device = action.device;
        final Status status = result.status();
        if (result.kind() != action.kind || status == Status.NULL_VAL || status == Status.SBE_UNKNOWN
            || result.copyInNs() < 0 || result.executeNs() < 0 || result.copyOutNs() < 0) {
            figures.malformed++;
            return null;
        }
        final int freePages = result.freePages();
        if (status == Status.OK) {
            readTimes(action, worker.clock, nowNs);
            if (action.kind == ActionKind.INFER) {
                ends.learnFrom(action, times);
                answer(action, buffer, nowNs);
            }
        } else {
            times.clear();
        }
        ends.end(action, status, times, nowNs);
        mirror.reconcile(device, freePages);
        return status == Status.DEVICE_LOST ? device : null;
    }

    private void answer(final Action action, final DirectBuffer buffer, final long nowNs) {
        final ActionResultDecoder.OutputsDecoder outputs = result.outputs();
        int place = 0;
        while (outputs.hasNext()) {
            outputs.next();
            final int length = outputs.outputLength();
            final int outputBytes = outputs.outputBytes();
            final int from = result.limit() + ActionResultDecoder.OutputsDecoder.outputHeaderLength();
            if (place < action.requestCount && action.requests[place] != null
                && action.requests[place].id() == outputs.requestId()
                && outputBytes >= 0 && (length == 0 || length == outputBytes)
                && outputBytes <= action.requests[place].model.artifact.outputBytes) {
                ends.answer(action, place, times, outputBytes, buffer, from, length, nowNs);
            } else {
                figures.malformed++;
            }
            place++;
            outputs.skipOutput();
        }
    }

    private void readTimes(final Action action, final ClockOffset clock, final long nowNs) {
        times.copyInNs = result.copyInNs();
        times.executeNs = result.executeNs();
        times.copyOutNs = result.copyOutNs();
        final long latestNs = nowNs - times.executeNs;
        times.executeStartNs = ours(result.executeStartNs(), clock, action.createdNs, latestNs, latestNs);
        times.startNs = ours(result.startNs(), clock, action.createdNs, nowNs, times.executeStartNs - times.copyInNs);
        times.endNs = ours(result.endNs(), clock, action.createdNs, nowNs, nowNs);
        final long thereNs = clock.toOurs(result.receivedNs()) - action.sentNs;
        final long backNs = nowNs - clock.toOurs(result.sentNs());
        times.networkNs = Math.max(0, thereNs) + Math.max(0, backNs);
    }

    /** A worker's stamp in our clock, not before the action was made and not after it can have been. */
    private static long ours(
        final long theirsNs, final ClockOffset clock, final long leastNs, final long mostNs, final long otherwiseNs) {
        final long oursNs = theirsNs == Protocol.NULL_NS ? otherwiseNs : clock.toOurs(theirsNs);
        if (oursNs - mostNs > 0) {
            return mostNs;
        }
        return oursNs - leastNs < 0 ? leastNs : oursNs;
    }
}
