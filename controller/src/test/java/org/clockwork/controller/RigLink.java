package org.clockwork.controller;

import io.aeron.logbuffer.BufferClaim;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.link.Link;

/** A link whose messages arrive one hop later at whatever the test connects; it can refuse to take any. */
final class RigLink implements Link {
    /** Receives what was sent. */
    interface Receiver {
        void onMessage(int lane, UnsafeBuffer message);
    }

    private final PathRig rig;
    private final Receiver receiver;
    final long hopNs;
    boolean isRefusing;
    boolean isDead;
    long sent;
    final long[] lastArrivalNs = new long[LANES];

    RigLink(final PathRig rig, final long hopNs, final Receiver receiver) {
        this.rig = rig;
        this.hopNs = hopNs;
        this.receiver = receiver;
    }

    @Override
    public long id() {
        return 0;
    }

    @Override
    public boolean tryClaim(final int lane, final int length, final BufferClaim claim) {
        throw new UnsupportedOperationException("the path offers");
    }

    @Override
    public boolean offer(final int lane, final DirectBuffer buffer, final int offset, final int length) {
        return offer(lane, buffer, offset, length, buffer, 0, 0);
    }

    @Override
    public boolean offer(
        final int lane,
        final DirectBuffer first, final int firstOffset, final int firstLength,
        final DirectBuffer second, final int secondOffset, final int secondLength) {
        if (isRefusing) {
            return false;
        }
        sent++;
        if (isDead) {
            return true;
        }
        final UnsafeBuffer message = new UnsafeBuffer(new byte[firstLength + secondLength]);
        message.putBytes(0, first, firstOffset, firstLength);
        message.putBytes(firstLength, second, secondOffset, secondLength);
        rig.log(lane, message);
        rig.at(rig.nowNs + hopNs, () -> {
            if (!isDead) {
                receiver.onMessage(lane, message);
            }
        });
        return true;
    }

    @Override
    public int maxClaimLength(final int lane) {
        return 1376;
    }

    @Override
    public boolean isConnected() {
        return !isDead;
    }

    @Override
    public boolean isClosed() {
        return isDead;
    }

    @Override
    public void close() {
        isDead = true;
    }
}
