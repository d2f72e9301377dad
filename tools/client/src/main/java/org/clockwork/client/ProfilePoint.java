package org.clockwork.client;

/**
 * What a batch of one size is expected to take.
 *
 * @param batchSize requests in the batch.
 * @param executeNs expected duration on the device, conservative.
 */
public record ProfilePoint(int batchSize, long executeNs) {
}
