package org.clockwork.client;

/** The gates of both lanes. */
final class Lanes {
    final Gate control = new Gate();
    final Gate bulk = new Gate();

    void reset() {
        control.reset();
        bulk.reset();
    }
}
