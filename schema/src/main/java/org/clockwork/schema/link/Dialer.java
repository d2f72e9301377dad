package org.clockwork.schema.link;

/** The end of a link that dials: clients and workers have one each. It keeps at most one link at a time. */
public interface Dialer extends AutoCloseable {
    /**
     * Starts a new link and gives up the current one, if any.
     *
     * @param endpoint to dial, as {@code host:port}.
     * @return the new link; it is connected some time later, if ever.
     */
    Link dial(String endpoint);

    /**
     * Delivers what has arrived on one lane of the current link.
     *
     * @return messages delivered.
     */
    int poll(int lane, MessageHandler handler, int limit);

    /**
     * Housekeeping of the current link: goes on with connecting. Call it once a cycle; cheap when there is nothing to do.
     *
     * @return work done.
     */
    int poll();

    @Override
    void close();
}
