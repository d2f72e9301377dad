package org.clockwork.client;

/** Told of the one end of each request, on the thread that polls the {@link ClientCore}. It may send new requests. */
@FunctionalInterface
public interface ResponseHandler {
    /**
     * A request ended. Called exactly once for each id that {@link ClientCore#infer} returned.
     *
     * @param result how; it and its buffers are valid only during the call.
     */
    void onResponse(InferResult result);

    /**
     * The last byte of an input that was still pending when {@link ClientCore#infer} returned has been sent: its
     * buffer may be used again. Not called for a request that ends or is cancelled first.
     */
    default void onInputReleased(final long requestId, final long token) {
    }
}
