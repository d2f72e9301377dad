package org.clockwork.controller.response;

import java.nio.charset.StandardCharsets;
import org.clockwork.schema.codec.Status;

/** A sentence for people for each way in which a request ends without an answer, encoded once. Owned by the controller agent. */
final class StatusText {
    private static final int LIMIT = 700;
    private static final byte[] EMPTY = {};

    private final byte[][] texts = new byte[LIMIT][];

    StatusText() {
        put(Status.DEADLINE_UNREACHABLE, "No start that keeps the promises already made meets the deadline.");
        put(Status.DEADLINE_PASSED, "The deadline had passed when the request arrived.");
        put(Status.TOO_MANY_IN_FLIGHT, "The granted limit of requests in flight is used up.");
        put(Status.TOO_MANY_BYTES, "The granted limit of input bytes in flight is used up.");
        put(Status.REQUEST_TABLE_FULL, "The controller's table of requests is full.");
        put(Status.INPUT_ARENA_FULL, "The controller's memory for inputs is full.");
        put(Status.NOT_READY, "The model is registered but not ready yet.");
        put(Status.NO_CAPACITY, "No live device can hold the model.");
        put(Status.SHED, "Given up under overload.");
        put(Status.CONTROLLER_DRAINING, "The controller is about to stop.");
        put(Status.UNKNOWN_MODEL, "No model of this id is registered.");
        put(Status.WRONG_INPUT_SIZE, "The input has another size than the model's.");
        put(Status.WRONG_INPUT_TYPE, "The input has another element type than the model's.");
        put(Status.INVALID_SLO, "An SLO is positive or absent.");
        put(Status.INVALID_ELAPSED, "The elapsed time is negative.");
        put(Status.DUPLICATE_REQUEST_ID, "A request under this id is in flight.");
        put(Status.INVALID_REQUEST_ID, "The id's index lies outside the granted limit.");
        put(Status.GENERATED_INPUT_REFUSED, "This controller takes no generated inputs.");
        put(Status.INPUT_NEVER_CAME, "The input's bytes did not arrive in time.");
        put(Status.MALFORMED_MESSAGE, "The message's fields contradict each other.");
        put(Status.CANCELLED, "Taken back by the client.");
        put(Status.WORKER_LOST, "The worker that ran it is gone and no time was left to run it elsewhere.");
        put(Status.EXECUTION_FAILED, "The device reported a failure.");
        put(Status.ACTION_TIMED_OUT, "The worker did not report a result in time.");
        put(Status.MODEL_GONE, "The model was unregistered or replaced while the request waited.");
    }

    byte[] of(final Status status) {
        final int value = status.value();
        return value < LIMIT && texts[value] != null ? texts[value] : EMPTY;
    }

    private void put(final Status status, final String text) {
        texts[status.value()] = text.getBytes(StandardCharsets.UTF_8);
    }
}
