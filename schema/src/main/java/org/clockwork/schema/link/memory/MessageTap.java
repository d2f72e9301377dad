package org.clockwork.schema.link.memory;

import org.agrona.DirectBuffer;

/** Sees every message as it reaches its receiver, so that a simulation can be checked from outside. */
@FunctionalInterface
public interface MessageTap {
    /** Nobody looks. */
    MessageTap NONE = (from, to, linkId, lane, buffer, offset, length) -> {
    };

    /**
     * A message is about to be handed to its receiver; its bytes are valid only during the call.
     *
     * @param from   {@link MemoryEndpoint#endpointId()} of the sender.
     * @param to     endpoint id of the receiver.
     * @param linkId of the link, the same at both ends.
     * @param lane   on which it travelled.
     */
    void onDelivery(int from, int to, long linkId, int lane, DirectBuffer buffer, int offset, int length);
}
