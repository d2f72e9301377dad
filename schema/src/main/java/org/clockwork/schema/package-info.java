/**
 * What both sides of a link agree on: SBE codecs (generated into {@code codec} from {@code clockwork-codecs.xml}, where
 * the protocol is drawn), stream ids, limits and counter ids.
 *
 * <h2>How an adapter reads</h2>
 *
 * Bytes come from peers that may be broken or hostile, and a decoder believes every length it finds. So each adapter
 * asks {@link org.clockwork.schema.MessageCheck} first, and hands primitives to the logic, which never sees bytes:
 *
 * <pre>{@code
 * public void onMessage(final Link link, final int lane, final DirectBuffer buffer, final int offset, final int length) {
 *     if (!check.isValid(buffer, offset, length)) {
 *         malformed.increment();
 *         return;
 *     }
 *     final int body = offset + MessageCheck.BODY_OFFSET;
 *     switch (check.templateId()) {
 *         case CancelRequestDecoder.TEMPLATE_ID:
 *             cancelRequest.wrap(buffer, body, check.blockLength(), check.version());
 *             logic.onCancelRequest(link, cancelRequest.sessionId(), cancelRequest.requestId());
 *             break;
 *         ...
 *         default:
 *             malformed.increment();
 *             break;
 *     }
 * }
 * }</pre>
 *
 * <ul>
 *   <li>Groups and data are read in the order of the schema, each once; then nothing lies outside the message.
 *   <li>An enum's value that this build does not know reads as {@code SBE_UNKNOWN}, a missing one as {@code NULL_VAL}:
 *       both are malformed unless the field may be empty.
 *   <li>Ids, indices, counts and sizes are checked by the logic against its tables
 *       ({@link org.clockwork.schema.Ids}); text is UTF-8 of any content, to be copied by length and never trusted.
 *   <li>CONNECT and HELLO pass the check in any version: the logic compares {@code schemaVersion} and answers
 *       INCOMPATIBLE_VERSION.
 * </ul>
 *
 * <h2>How a publisher writes</h2>
 *
 * A message up to {@link org.clockwork.schema.link.Link#maxClaimLength(int)} is claimed and encoded in place; a longer
 * one is encoded into a buffer of the publisher's and offered; a tensor goes out as an offer of two parts, header and
 * bytes. False means: keep the state and try again next cycle.
 */
package org.clockwork.schema;
