package org.clockwork.client;

import org.clockwork.schema.codec.Status;

/** UNREGISTER-MODEL and its answer. */
final class UnregisterOperation extends Operation {
    private final String name;
    private final int count;
    private final EndHandler handler;
    private final long timeoutNs;
    private boolean isOver;
    private boolean isDeadlineSet;

    UnregisterOperation(
        final long correlationId, final String name, final int count, final long timeoutNs, final EndHandler handler) {
        super(correlationId);
        this.name = name;
        this.count = count;
        this.timeoutNs = timeoutNs;
        this.handler = handler;
    }

    @Override
    boolean send(final ControllerPublisher publisher) {
        return publisher.unregisterModel(correlationId, name, count);
    }

    @Override
    int doWork(final ControllerPublisher publisher, final Lanes lanes, final long nowNs) {
        if (!isDeadlineSet) {
            isDeadlineSet = true;
            deadlineNs = nowNs + timeoutNs;
        }
        if (nowNs - deadlineNs >= 0) {
            end(isSent ? Status.OUTCOME_UNKNOWN : Status.CLIENT_TIMED_OUT, "no answer from the controller in time");
            return 1;
        }
        if (isSent || !lanes.control.isOpen(nowNs)) {
            return 0;
        }
        isSent = send(publisher);
        if (!isSent) {
            lanes.control.shut(nowNs);
        }
        return isSent ? 1 : 0;
    }

    @Override
    long nextWakeNs(final Lanes lanes, final long nowNs) {
        if (!isDeadlineSet) {
            return nowNs;
        }
        return isSent ? deadlineNs : ClientCore.earlier(deadlineNs, lanes.control.nextTryNs(nowNs));
    }

    @Override
    void onAck(final Status status, final long transferId, final String detail, final long nowNs) {
        end(status, detail);
    }

    @Override
    boolean isBusy() {
        return !isOver;
    }

    @Override
    boolean isOver() {
        return isOver;
    }

    @Override
    void end(final Status status, final String detail) {
        if (!isOver) {
            isOver = true;
            handler.onEnd(status, detail);
        }
    }
}
