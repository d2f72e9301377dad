/**
 * An emulated device: it takes the time that a profile table says, on the clock of whoever drives it, and computes nothing.
 *
 * <p>No threads and no clock of its own: what an operation takes is fixed when it is started, from the time passed in, and
 * it completes in the first {@code poll} at or past that time. So the same class serves live workers, tests under a manual
 * clock and simulations of thousands of devices, and how often it is polled changes nothing about its stamps.
 *
 * <p>The window: {@code latestNs} bounds the start of the first phase. An INFER whose input was copied in time, but whose
 * execution has to wait for the one before, ends TOO_LATE if the execution would start later than it would have, had it
 * started at {@code latestNs} on an idle device, that is after {@code latestNs + copyInNs}.
 */
package org.clockwork.device.emulated;
