package org.clockwork.schema.link;

/** Told of links that come and go. Hints only: a peer's own messages say who it is, and its silence that it is gone. */
public interface LinkObserver {
    /** A peer has opened both lanes. */
    void onLinkUp(Link link);

    /** A link is over; its {@link Link#isClosed()} is true. */
    void onLinkDown(Link link);
}
