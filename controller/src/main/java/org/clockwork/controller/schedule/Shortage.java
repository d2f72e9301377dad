package org.clockwork.controller.schedule;

/** How much of what is asked for is refused of late, all models taken together. Owned by the controller agent. */
final class Shortage {
    private static final long HALF_LIFE_NS = 1_400_000_000L;

    private final RecentCount asked = new RecentCount(HALF_LIFE_NS);
    private final RecentCount refused = new RecentCount(HALF_LIFE_NS);

    /** A request with a deadline came. */
    void onAsked(final long nowNs) {
        asked.add(1, nowNs);
    }

    /** One was refused. */
    void onRefused(final long nowNs) {
        refused.add(1, nowNs);
    }

    /** Requests refused as a part of those asked, 0 to 1. */
    double share(final long nowNs) {
        return Math.min(1, refused.value(nowNs) / Math.max(1, asked.value(nowNs)));
    }
}
