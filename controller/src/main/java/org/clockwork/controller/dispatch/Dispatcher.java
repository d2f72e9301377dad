package org.clockwork.controller.dispatch;

import java.util.List;
import org.clockwork.controller.action.Action;
import org.clockwork.controller.action.ActionSender;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.request.ByteArena;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.schedule.Plans;
import org.clockwork.controller.schedule.WorkerPlan;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;

/**
 * Carries actions to their workers: at once if the worker takes them, else in order in later cycles until it is too
 * late. Large inputs follow on the bulk lane, so many a cycle. No worker makes another wait. Owned by the controller agent.
 */
public final class Dispatcher implements ActionSender {
    /** INPUT messages sent to one worker in one cycle. */
    private static final int MAX_CHUNKS_A_CYCLE = 16;

    private final Plans plans;
    private final ByteArena arena;
    private final ActionEncoder encoder;
    private UndeliverableHandler undeliverable;
    private int busyWorkers;

    /** A dispatcher for the workers in these plans. */
    public Dispatcher(final Plans plans, final ByteArena arena, final long epoch, final int inlineBytes) {
        this.plans = plans;
        this.arena = arena;
        encoder = new ActionEncoder(epoch, inlineBytes, arena);
    }

    /** Who is told of actions that never left. */
    public void undeliverableHandler(final UndeliverableHandler handler) {
        undeliverable = handler;
    }

    @Override
    public void submit(final Action action, final long nowNs) {
        final WorkerPlan worker = action.device.worker;
        final WorkerOutbox outbox = worker.outbox;
        final boolean hasBulk = action.kind == ActionKind.INFER && encoder.decideInline(action);
        if (outbox.firstAction() != null || !send(action, nowNs)) {
            outbox.addAction(action);
        }
        if (hasBulk) {
            action.hasBulkInput = true;
            outbox.addBulk(action);
            if (outbox.firstBulk() == action) {
                sendBulk(worker);
            }
        }
        count(outbox);
    }

    /** Offers what waits. */
    public int flush(final long nowNs) {
        int work = 0;
        for (int i = 0; busyWorkers > 0 && i < plans.workerLimit(); i++) {
            final WorkerPlan worker = plans.workerAt(i);
            if (worker != null && !worker.outbox.isEmpty()) {
                work += flush(worker, nowNs);
            }
        }
        return work;
    }

    /** Whether something waits for a worker to take it. */
    public boolean hasPending() {
        return busyWorkers > 0;
    }

    /** Asks a worker to take an action back; one that has not left yet will not. */
    public void cancel(final Action action) {
        action.isCancelled = true;
        if (action.isSent) {
            action.device.worker.state.link.offer(Link.CONTROL, encoder.buffer(), 0, encoder.encodeCancel(action));
        }
    }

    /** An action has ended, whatever of it still waits. */
    public void onEnded(final Action action) {
        final WorkerOutbox outbox = action.device.worker.outbox;
        if (outbox.isEmpty()) {
            return;
        }
        if (!action.isSent) {
            outbox.removeAction(action);
        }
        if (action.hasBulkInput) {
            outbox.removeBulk(action);
            action.hasBulkInput = false;
        }
        count(outbox);
    }

    private int flush(final WorkerPlan worker, final long nowNs) {
        final WorkerOutbox outbox = worker.outbox;
        int work = 0;
        Action action = outbox.firstAction();
        while (action != null) {
            if (action.isCancelled) {
                work++;
                undeliverable.onUndeliverable(action, Status.ACTION_CANCELLED, nowNs);
            } else if (nowNs - action.latestNs > 0) {
                work++;
                undeliverable.onUndeliverable(action, tooLate(action.kind), nowNs);
            } else if (send(action, nowNs)) {
                work++;
                outbox.removeFirstAction();
            } else {
                break;
            }
            action = outbox.firstAction();
        }
        work += sendBulk(worker);
        count(outbox);
        return work;
    }

    /** Sends inputs until the lane takes no more or this cycle's share is used up. */
    private int sendBulk(final WorkerPlan worker) {
        final WorkerOutbox outbox = worker.outbox;
        int sent = 0;
        Action action = outbox.firstBulk();
        while (action != null && sent < MAX_CHUNKS_A_CYCLE) {
            if (!seekChunk(action)) {
                action.hasBulkInput = false;
                outbox.removeBulk(action);
                action = outbox.firstBulk();
            } else if (sendChunk(action)) {
                sent++;
            } else {
                break;
            }
        }
        return sent;
    }

    /** Moves to the next bytes of an action's inputs that were not sent; false if there are none. */
    private boolean seekChunk(final Action action) {
        while (action.bulkRequest < action.requestCount) {
            final Request request = action.requests[action.bulkRequest];
            final List<Artifact.Tensor> tensors = request.model.artifact.tensors;
            if (!request.isInline && action.bulkTensor < tensors.size() && !tensors.get(action.bulkTensor).isOutput()) {
                if (action.bulkPosition < tensors.get(action.bulkTensor).bytes()) {
                    return true;
                }
                action.bulkTensor++;
                action.bulkPosition = 0;
            } else {
                action.bulkRequest++;
                action.bulkTensor = 0;
                action.bulkPosition = 0;
            }
        }
        return false;
    }

    private boolean sendChunk(final Action action) {
        final Request request = action.requests[action.bulkRequest];
        final List<Artifact.Tensor> tensors = request.model.artifact.tensors;
        int offset = ByteArena.offset(request.inputBlock) + action.bulkPosition;
        for (int i = 0; i < action.bulkTensor; i++) {
            offset += tensors.get(i).bytes();
        }
        final int total = tensors.get(action.bulkTensor).bytes();
        final int length = Math.min(Protocol.MAX_CHUNK_BYTES, total - action.bulkPosition);
        final int head = encoder.encodeInputHead(request, action.bulkTensor, action.bulkPosition, total, length);
        final Link link = action.device.worker.state.link;
        if (!link.offer(Link.BULK, encoder.buffer(), 0, head, arena.buffer(), offset, length)) {
            return false;
        }
        action.bulkPosition += length;
        return true;
    }

    private void count(final WorkerOutbox outbox) {
        if (outbox.isCounted == outbox.isEmpty()) {
            outbox.isCounted = !outbox.isCounted;
            busyWorkers += outbox.isCounted ? 1 : -1;
        }
    }

    private boolean send(final Action action, final long nowNs) {
        final int length = encoder.encode(action);
        if (!action.device.worker.state.link.offer(Link.CONTROL, encoder.buffer(), 0, length)) {
            return false;
        }
        encoder.onSent(action);
        action.isSent = true;
        action.sentNs = nowNs;
        return true;
    }

    private static Status tooLate(final ActionKind kind) {
        switch (kind) {
            case LOAD:
                return Status.LOAD_TOO_LATE;
            case UNLOAD:
                return Status.UNLOAD_TOO_LATE;
            case INFER:
                return Status.INFER_TOO_LATE;
            default:
                return Status.PROFILE_TOO_LATE;
        }
    }
}
