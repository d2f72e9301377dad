package org.clockwork.schema.link.aeron;

import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.logbuffer.BufferClaim;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.link.Link;

/**
 * One end of a link: a publication of its own for each lane, and the images that lead here. Owned by the thread that
 * polls its listener or dialer.
 */
final class AeronLink implements Link {
    /** Publications towards the peer, by lane; null until the driver has made them. */
    final ExclusivePublication[] publications = new ExclusivePublication[LANES];
    /** What arrives from the peer, by lane; null until it is there. */
    final AeronInbound[] inbound = new AeronInbound[LANES];

    private final long id;
    private final int[] maxClaimLengths = new int[LANES];
    private final Consumer<AeronLink> onClosed;
    private boolean isUp;
    private boolean isClosed;

    /**
     * A link that is not up yet.
     *
     * @param onClosed told once when it is over, whoever ended it, so that its owner cleans up.
     */
    AeronLink(final long id, final int controlMaxClaim, final int bulkMaxClaim, final Consumer<AeronLink> onClosed) {
        this.id = id;
        this.onClosed = onClosed;
        maxClaimLengths[CONTROL] = controlMaxClaim;
        maxClaimLengths[BULK] = bulkMaxClaim;
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public boolean tryClaim(final int lane, final int length, final BufferClaim claim) {
        if (length < 0 || length > maxClaimLengths[lane]) {
            throw new IllegalArgumentException("length=" + length + " maxClaimLength=" + maxClaimLengths[lane]);
        }
        if (!isUp) {
            return false;
        }
        final ExclusivePublication publication = publications[lane];
        long position = publication.tryClaim(length, claim);
        if (position == Publication.ADMIN_ACTION) {
            position = publication.tryClaim(length, claim);
        }
        return position > 0 || onRefused(position);
    }

    @Override
    public boolean offer(final int lane, final DirectBuffer buffer, final int offset, final int length) {
        checkLength(length);
        if (!isUp) {
            return false;
        }
        final ExclusivePublication publication = publications[lane];
        long position = publication.offer(buffer, offset, length, null);
        if (position == Publication.ADMIN_ACTION) {
            position = publication.offer(buffer, offset, length, null);
        }
        return position > 0 || onRefused(position);
    }

    @Override
    public boolean offer(
        final int lane,
        final DirectBuffer first, final int firstOffset, final int firstLength,
        final DirectBuffer second, final int secondOffset, final int secondLength) {
        checkLength(firstLength + secondLength);
        if (!isUp) {
            return false;
        }
        final ExclusivePublication publication = publications[lane];
        long position = publication.offer(first, firstOffset, firstLength, second, secondOffset, secondLength, null);
        if (position == Publication.ADMIN_ACTION) {
            position = publication.offer(first, firstOffset, firstLength, second, secondOffset, secondLength, null);
        }
        return position > 0 || onRefused(position);
    }

    @Override
    public int maxClaimLength(final int lane) {
        return maxClaimLengths[lane];
    }

    @Override
    public boolean isConnected() {
        return isUp && publications[CONTROL].isConnected() && publications[BULK].isConnected();
    }

    @Override
    public boolean isClosed() {
        return isClosed;
    }

    /** Revokes the publications, so that the peer sees the end at once. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        isUp = false;
        for (final ExclusivePublication publication : publications) {
            if (publication != null) {
                publication.revokeOnClose();
                publication.close();
            }
        }
        onClosed.accept(this);
    }

    boolean isUp() {
        return isUp;
    }

    void markUp() {
        isUp = true;
    }

    /** Whether Aeron has taken away one of its four streams. */
    boolean isBroken() {
        return inbound[CONTROL].isClosed() || inbound[BULK].isClosed() ||
            publications[CONTROL].isClosed() || publications[BULK].isClosed();
    }

    /** Back pressure and a lost connection pass; a closed publication does not, and its owner's housekeeping sees it. */
    private boolean onRefused(final long position) {
        if (position == Publication.MAX_POSITION_EXCEEDED) {
            close();
        }
        return false;
    }

    private static void checkLength(final int length) {
        if (length < 0 || length > Protocol.MAX_MESSAGE_BYTES) {
            throw new IllegalArgumentException("length=" + length + " max=" + Protocol.MAX_MESSAGE_BYTES);
        }
    }
}
