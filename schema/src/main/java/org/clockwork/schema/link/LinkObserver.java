package org.clockwork.schema.link;

/**
 * Told of links that come and go, by the listener's housekeeping only. Hints: a peer's own messages say who it is, and
 * its silence that it is gone.
 */
public interface LinkObserver {
    /** A peer has opened both lanes; it may be sent to from now on. */
    void onLinkUp(Link link);

    /**
     * A link is over, whichever side ended it; its {@link Link#isClosed()} is true. Called once for each link that was
     * up, also for those that the caller closed.
     */
    void onLinkDown(Link link);
}
