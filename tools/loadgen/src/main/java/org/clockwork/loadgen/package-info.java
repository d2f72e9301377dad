/**
 * Load: when requests are due, how they are sent on time, and what became of them.
 *
 * <p>{@link org.clockwork.loadgen.Arrivals} say when requests are due, {@link org.clockwork.loadgen.LoadDriver} offers
 * them to a {@link org.clockwork.loadgen.RequestSink}, {@link org.clockwork.loadgen.Recorder} counts their ends and
 * {@link org.clockwork.loadgen.Summary} tells them, the same for every command that makes load, live or simulated. No
 * class here reads a clock: time comes in as an argument.
 */
package org.clockwork.loadgen;
