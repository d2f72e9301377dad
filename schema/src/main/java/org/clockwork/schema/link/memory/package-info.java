/**
 * The link port inside one process and one thread: for tests under a manual clock and for the simulator.
 *
 * <p>A {@link org.clockwork.schema.link.memory.MemoryNetwork} keeps the promises that the Aeron links keep, no more:
 * in order per lane, at most once, bounded, nothing between the lanes, the tail of a closed link is lost. Each message
 * becomes visible at the time it was sent plus what the
 * {@link org.clockwork.schema.link.memory.LatencyModel} says; a late one delays those behind it, which is what a lost
 * and repeated packet looks like from above.
 */
package org.clockwork.schema.link.memory;
