package org.clockwork.controller.result;

import java.util.List;
import org.agrona.DirectBuffer;
import org.clockwork.controller.PathFigures;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.queue.IndexedHeap;
import org.clockwork.controller.request.Request;
import org.clockwork.controller.request.RequestState;
import org.clockwork.controller.request.RequestTable;
import org.clockwork.controller.response.Responder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.OutputDecoder;
import org.clockwork.schema.codec.Status;

/**
 * Passes large outputs on to their clients part by part, under the client's ids, and ends a request when both its result
 * and all its bytes have passed. Owned by the controller agent.
 */
public final class OutputRelay {
    private static final int HEADER = MessageHeaderDecoder.ENCODED_LENGTH;

    private final RequestTable requests;
    private final Responder responder;
    private final PathFigures figures;
    private final long timeoutNs;
    /** Requests whose result is in and whose outputs are not, by the time at which they end for that. */
    private final IndexedHeap awaiting;
    private final OutputDecoder output = new OutputDecoder();

    /** A relay that waits {@code timeoutNs} after a result for the rest of its outputs. */
    public OutputRelay(
        final RequestTable requests, final Responder responder, final PathFigures figures, final long timeoutNs) {
        this.requests = requests;
        this.responder = responder;
        this.figures = figures;
        this.timeoutNs = timeoutNs;
        awaiting = new IndexedHeap(requests.capacity());
    }

    /** Reads an OUTPUT of a worker. */
    public void onOutput(final WorkerState worker, final DirectBuffer buffer, final int offset, final long nowNs) {
        output.wrap(buffer, offset + HEADER, OutputDecoder.BLOCK_LENGTH, OutputDecoder.SCHEMA_VERSION);
        final Request request = requests.byId(output.requestId());
        if (request == null || !isOf(request, worker)) {
            figures.lateResults++;
            return;
        }
        final List<Artifact.Tensor> tensors = request.model.artifact.tensors;
        final int tensor = tensors.size() - outputCount(tensors) + output.tensorIndex();
        final int position = output.position();
        final int total = output.totalLength();
        final int length = output.bytesLength();
        if (tensor >= tensors.size() || total != tensors.get(tensor).bytes() || position < 0 || length <= 0
            || length > total - position || length > request.model.artifact.outputBytes - request.outputReceived) {
            figures.malformed++;
            return;
        }
        if (!request.omitsOutput && request.hasClient()) {
            final int from = output.limit() + OutputDecoder.bytesHeaderLength();
            responder.relay(request, output.tensorIndex(), position, total, buffer, from, length, nowNs);
        }
        request.outputReceived += length;
        if (request.state == RequestState.AWAITING_OUTPUT) {
            goOn(request, nowNs);
        }
    }

    /** A request was executed; its outputs pass, have passed or will pass. */
    void await(final Request request, final WorkerState worker, final long nowNs) {
        request.state = RequestState.AWAITING_OUTPUT;
        request.outputWorker = worker;
        awaiting.set(request.index, nowNs + timeoutNs);
        goOn(request, nowNs);
    }

    /** Ends requests whose outputs did not come. */
    public int expire(final long nowNs) {
        int expired = 0;
        while (!awaiting.isEmpty() && awaiting.firstKey() - nowNs <= 0) {
            responder.fail(requests.at(awaiting.poll()), Status.EXECUTION_FAILED, nowNs);
            expired++;
        }
        return expired;
    }

    /** When {@link #expire} has something to do next; {@code Long.MAX_VALUE} for never. */
    public long nextWakeNs() {
        return awaiting.firstKey();
    }

    /** What a lost worker had not sent will not come. */
    void onWorkerLost(final WorkerState worker, final long nowNs) {
        for (int i = 0; !awaiting.isEmpty() && i < requests.capacity(); i++) {
            final Request request = requests.at(i);
            if (request.state == RequestState.AWAITING_OUTPUT && request.outputWorker == worker) {
                awaiting.remove(i);
                responder.fail(request, Status.WORKER_LOST, nowNs);
            }
        }
    }

    private void goOn(final Request request, final long nowNs) {
        if (request.outputReceived >= request.outputBytes) {
            awaiting.remove(request.index);
            responder.answer(request, null, 0, 0, nowNs);
        }
    }

    private static boolean isOf(final Request request, final WorkerState worker) {
        return request.state == RequestState.AWAITING_OUTPUT && request.outputWorker == worker
            || request.state == RequestState.IN_ACTION && request.action.device.worker.state == worker;
    }

    private static int outputCount(final List<Artifact.Tensor> tensors) {
        int count = 0;
        while (count < tensors.size() && tensors.get(tensors.size() - 1 - count).isOutput()) {
            count++;
        }
        return count;
    }
}
