package org.clockwork.worker.session;

import java.util.List;

/**
 * Who this worker is, and its patience.
 *
 * @param incarnation   random id of this process.
 * @param workerName    unique among live workers.
 * @param build         version of the software.
 * @param credentials   for the controller's authenticator.
 * @param endpoints     of the controllers.
 * @param dialTimeoutNs from a dial to HELLO-ACK; it doubles with each that nobody answers.
 * @param dialRetryNs   between two offers of HELLO to a link that is not up yet.
 * @param minPauseNs    after all endpoints have failed; it doubles each time, and is shortened by up to a half.
 * @param maxPauseNs    and grows no longer than this.
 */
public record SessionConfig(
    long incarnation, String workerName, String build, byte[] credentials, List<String> endpoints,
    long dialTimeoutNs, long dialRetryNs, long minPauseNs, long maxPauseNs) {
}
