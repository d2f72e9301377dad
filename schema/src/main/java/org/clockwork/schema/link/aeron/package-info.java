/**
 * The link port over Aeron UDP.
 *
 * <p>A listener has one endpoint, {@code host:port}, on which all peers dial in, and answers each on a response channel
 * ({@code control-mode=response}) whose control endpoint is {@code host:port+1} unless it is named
 * ({@code host:port/responsePort}). Peers need no address of their own: they bind to ephemeral ports, and no address is
 * ever taken from a message. The two lanes are two streams.
 *
 * <pre>
 *   dialer                                                   listener
 *     |  adds a response subscription for each lane            |  subscribes to endpoint (both streams)
 *     |  adds a publication that names it .................. &gt; |  image
 *     |  LANE-OPEN (linkId, lane) .......................... &gt; |  ties the lanes; adds a response publication
 *     | &lt; .................................... response set-up  |  for the image, without blocking
 *     |  response image: up                                    |  both connected: up, onLinkUp
 * </pre>
 *
 * <p>Two times of the media driver matter to links. The set-up of the response channel waits for the driver's next
 * status message, so connecting takes about 100 ms more than the {@code statusMessageTimeoutNs} of the listener's driver
 * (200 ms by default; 20 ms does no harm on a quiet network). A link that is closed is seen to be over by its peer
 * within three {@code timerIntervalNs} of the drivers (1 s by default; 200 ms is a good choice; not below 120 ms, for an
 * idle publication says only every 100 ms that it was revoked, and is gone two timer intervals after its close).
 *
 * <p>What can't be accepted (too many links, no LANE-OPEN in time) is no longer read: flow control then holds the peer
 * at its window, and nothing of it reaches anybody.
 */
package org.clockwork.schema.link.aeron;
