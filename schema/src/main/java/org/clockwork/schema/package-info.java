/** What both sides of a link agree on: SBE codecs (generated into {@code codec}), stream ids, limits and counter ids. */
package org.clockwork.schema;
