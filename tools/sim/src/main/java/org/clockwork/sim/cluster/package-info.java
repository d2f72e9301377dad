/** A whole system in one thread: the production controller, workers and clients, joined by an in-memory network. */
package org.clockwork.sim.cluster;
