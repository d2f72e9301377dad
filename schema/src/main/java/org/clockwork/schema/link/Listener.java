package org.clockwork.schema.link;

/** The end of the links that waits for peers: the controller has one for clients and one for workers. */
public interface Listener extends AutoCloseable {
    /**
     * Delivers what has arrived on one lane of all links, in turns, at most {@code limitPerLink} messages each.
     *
     * @return messages delivered.
     */
    int poll(int lane, MessageHandler handler, int limitPerLink);

    /**
     * Housekeeping of the links: accepts new ones, ends lost ones and tells the observer. Call it once a cycle; it is
     * cheap when there is nothing to do.
     *
     * @return work done.
     */
    int poll(LinkObserver observer);

    /** Links that are up. */
    int linkCount();

    /** Messages dropped because they belonged to no accepted link or opened a lane wrongly. */
    long droppedCount();

    /** Links refused because the limit was reached, and links given up because they were not fully open in time. */
    long refusedCount();

    @Override
    void close();
}
