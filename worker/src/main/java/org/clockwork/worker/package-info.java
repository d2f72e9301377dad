/**
 * The worker: runs exactly what the controller tells it, one operation at a time per engine, and makes no choices.
 *
 * <p>The way of an action, one package a station: {@code link} decodes it, {@code action} checks it, {@code input} gathers
 * its tensors, {@code window} holds it until it may start, {@code executor} hands it to the device, {@code result} sends
 * back what came of it. Beside that way lie {@code session} (who the controller is), {@code install} and {@code store}
 * (how models get here).
 */
package org.clockwork.worker;
