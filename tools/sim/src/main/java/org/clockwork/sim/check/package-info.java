/**
 * Checkers that run in every simulation. They look at the system from outside: messages as they are delivered, devices
 * through a wrapper, requests and actions as the controller's observer shows them, and ends of requests at the client.
 */
package org.clockwork.sim.check;
