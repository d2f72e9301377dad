/**
 * The {@code clockwork} command: one class per command, options shared as mixins. Commands parse, start what they name and
 * wait; what runs is in {@link org.clockwork.cli.run} and in the modules below. A user sees sentences, never stack traces
 * (unless asked for with {@code CLOCKWORK_DEBUG=1}).
 */
package org.clockwork.cli;
