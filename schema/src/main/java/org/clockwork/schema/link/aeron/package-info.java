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
 * <p>The set-up of the response channel waits for the driver's next status message, so connecting takes about the
 * driver's {@code statusMessageTimeoutNs} (200 ms by default; 20 ms does no harm on a quiet network).
 *
 * <p>What can't be accepted (too many links, no LANE-OPEN in time) is no longer read: flow control then holds the peer
 * at its window, and nothing of it reaches anybody.
 */
package org.clockwork.schema.link.aeron;
