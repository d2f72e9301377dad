package org.clockwork.worker.result;

import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.Status;
import org.clockwork.worker.WorkerCounter;
import org.clockwork.worker.WorkerCounters;
import org.clockwork.worker.action.Action;
import org.clockwork.worker.action.ActionState;
import org.clockwork.worker.action.ActionTable;
import org.clockwork.worker.input.HostArena;
import org.clockwork.worker.install.Tensors;
import org.clockwork.worker.link.ControllerPublisher;
import org.clockwork.worker.session.Authority;

/**
 * Sends each ended action's one result, after its OUTPUT messages if it has any. A result with large outputs waits for
 * the bulk lane in a line of its own, so that no other result waits behind a tensor. What the link does not take is
 * offered again in the next cycle; what its controller no longer waits for is dropped and counted. Owned by the worker
 * agent.
 */
public final class ResultSender {
    private final ActionTable actions;
    private final HostArena outputs;
    private final ControllerPublisher publisher;
    private final Authority authority;
    private final WorkerCounters counters;
    private final int maxOutputsPerCycle;
    private final ActionRing bulk;
    private final ActionRing control;

    /** Sends at most {@code maxOutputsPerCycle} OUTPUT messages in one cycle. */
    public ResultSender(
            final ActionTable actions, final HostArena outputs, final ControllerPublisher publisher,
            final Authority authority, final WorkerCounters counters, final int maxOutputsPerCycle) {
        this.actions = actions;
        this.outputs = outputs;
        this.publisher = publisher;
        this.authority = authority;
        this.counters = counters;
        this.maxOutputsPerCycle = maxOutputsPerCycle;
        bulk = new ActionRing(actions.capacity());
        control = new ActionRing(actions.capacity());
    }

    /** Takes an action that is over; its status is set and its inputs are freed. */
    public void add(final Action action) {
        action.state = ActionState.ENDED;
        counters.increment(action.status == Status.OK ? WorkerCounter.ACTIONS_OK : WorkerCounter.ACTIONS_NOT_OK);
        if (action.kind == ActionKind.INFER && action.status == Status.OK && hasBulkOutputs(action)) {
            bulk.add(action);
        } else {
            control.add(action);
        }
    }

    /** Whether everything has been sent. */
    public boolean isIdle() {
        return bulk.isEmpty() && control.isEmpty();
    }

    /** Sends what the link takes. */
    public int doWork(final long nowNs) {
        int work = 0;
        if (!bulk.isEmpty()) {
            work += sendOutputs();
        }
        while (!control.isEmpty()) {
            final Action action = control.peek();
            if (!authority.wants(action)) {
                counters.increment(WorkerCounter.RESULTS_DROPPED);
            } else if (!publisher.result(action, outputs.memory(), nowNs)) {
                counters.increment(WorkerCounter.CONTROL_BACK_PRESSURE);
                break;
            }
            control.remove();
            release(action);
            work++;
        }
        return work;
    }

    /** Now, while anything is left to be sent. */
    public long nextWakeNs(final long nowNs) {
        return isIdle() ? Long.MAX_VALUE : nowNs;
    }

    private int sendOutputs() {
        int left = maxOutputsPerCycle;
        while (left > 0 && !bulk.isEmpty()) {
            final Action action = bulk.peek();
            if (authority.wants(action) && !isSent(action)) {
                if (!sendNext(action)) {
                    counters.increment(WorkerCounter.BULK_BACK_PRESSURE);
                    break;
                }
                left--;
            } else {
                control.add(bulk.remove());
            }
        }
        return maxOutputsPerCycle - left;
    }

    /** Moves on to the next byte that has to go by OUTPUT; true if there is none. */
    private static boolean isSent(final Action action) {
        final Tensors tensors = action.artifact.outputs();
        while (action.sendRequest < action.requestCount) {
            if (!action.isOutputBulk[action.sendRequest] || action.sendTensor == tensors.count()) {
                action.sendRequest++;
                action.sendTensor = 0;
            } else if (action.sendPosition == tensors.bytes(action.sendTensor)) {
                action.sendTensor++;
                action.sendPosition = 0;
            } else {
                return false;
            }
        }
        return true;
    }

    private boolean sendNext(final Action action) {
        final Tensors tensors = action.artifact.outputs();
        final int total = tensors.bytes(action.sendTensor);
        final int length = Math.min(Protocol.MAX_CHUNK_BYTES, total - action.sendPosition);
        int offset = action.outputOffset + action.sendRequest * tensors.totalBytes() + action.sendPosition;
        for (int i = 0; i < action.sendTensor; i++) {
            offset += tensors.bytes(i);
        }
        if (!publisher.output(action.requestIds[action.sendRequest], action.sendTensor, action.sendPosition, total,
            outputs.memory(), offset, length)) {
            return false;
        }
        action.sendPosition += length;
        counters.increment(WorkerCounter.OUTPUTS);
        return true;
    }

    /** Decides for each output whether it goes inside the result, which has one message's room for all of them. */
    private boolean hasBulkOutputs(final Action action) {
        final int bytes = action.artifact.outputs().totalBytes();
        int room = bytes <= authority.inlineBytes() ? Protocol.MAX_CHUNK_BYTES : 0;
        boolean hasBulk = false;
        for (int i = 0; i < action.requestCount; i++) {
            final boolean isInline = action.isOutputOmitted[i] || bytes <= room;
            if (isInline && !action.isOutputOmitted[i]) {
                room -= bytes;
            }
            action.isOutputBulk[i] = !isInline;
            hasBulk |= !isInline;
        }
        return hasBulk;
    }

    private void release(final Action action) {
        if (action.outputOffset != Action.NO_ROOM) {
            outputs.free(action.outputOffset);
            action.outputOffset = Action.NO_ROOM;
        }
        actions.release(action);
    }
}
