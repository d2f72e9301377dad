/**
 * The link port: how messages leave and arrive, whatever carries them.
 *
 * <p>A link joins a peer that dials to a listener. It has two lanes, {@link org.clockwork.schema.link.Link#CONTROL} and
 * {@link org.clockwork.schema.link.Link#BULK}, each in both directions. A lane delivers in order, at most once, and is
 * bounded: sending returns {@code false} when it can't take more now. There is no order between lanes. A peer that
 * dials again is a new link. Nothing blocks; nothing allocates once a link is up. All methods of one endpoint are
 * called by one thread.
 */
package org.clockwork.schema.link;
