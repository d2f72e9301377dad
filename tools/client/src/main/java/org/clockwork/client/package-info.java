/**
 * The thin client. {@link org.clockwork.client.ClientCore} is polled by one thread, allocates nothing in steady state
 * and answers through callbacks; {@link org.clockwork.client.ClockworkClient} runs a core on a thread of its own and
 * answers through futures. The way of a request: {@code Requests} gives it a slot and sends it, {@code Uploads} sends a
 * large input after it, {@code ControllerAdapter} decodes what comes back, {@code OutputAssembly} puts large outputs
 * together, and the {@code ResponseHandler} is told of its one end.
 */
package org.clockwork.client;
