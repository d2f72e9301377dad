package org.clockwork.controller.request;

/**
 * Options of the intake.
 *
 * @param acceptsGenerated  whether requests may ask the worker to make up their input.
 * @param inputTimeoutNs    how long a request without deadline waits for its input's bytes.
 * @param earlyParts        parts of inputs that are kept before their requests have come.
 * @param earlyTimeoutNs    how long they are kept.
 */
public record IntakeLimits(boolean acceptsGenerated, long inputTimeoutNs, int earlyParts, long earlyTimeoutNs) {
}
