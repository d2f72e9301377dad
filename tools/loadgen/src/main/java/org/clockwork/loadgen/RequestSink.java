package org.clockwork.loadgen;

/** Where a {@link LoadDriver} sends its requests: a client, or a stand-in in tests. Each taken request is ended once. */
public interface RequestSink {
    /**
     * Offers one request.
     *
     * @param stream     to which it belongs.
     * @param modelIndex in the stream's models.
     * @param sequence   number of the request in its stream, from 0: chooses its input.
     * @param tag        to be handed to {@link LoadDriver#onEnd} when the request has ended.
     * @param intendedNs when it was due.
     * @param nowNs      this cycle's time.
     * @return false if it can't be taken now: it stays due and is offered again.
     */
    boolean offer(LoadStream stream, int modelIndex, long sequence, long tag, long intendedNs, long nowNs);
}
