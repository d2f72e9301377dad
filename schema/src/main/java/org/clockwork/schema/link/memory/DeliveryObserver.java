package org.clockwork.schema.link.memory;

/** Told when an endpoint has something to do, so that a simulation wakes its node and no other. */
@FunctionalInterface
public interface DeliveryObserver {
    /** Nobody is told. */
    DeliveryObserver NONE = (endpointId, timeNs) -> {
    };

    /** The endpoint's {@link MemoryEndpoint#nextDeliveryNs()} has become {@code timeNs}, in the network's clock. */
    void onNextDelivery(int endpointId, long timeNs);
}
