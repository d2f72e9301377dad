package org.clockwork.controller.queue;

/** The waiting requests of one model in the order of their deadlines. Owned by the controller agent. */
public final class ModelQueue {
}
