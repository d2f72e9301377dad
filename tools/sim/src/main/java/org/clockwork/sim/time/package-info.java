/** Virtual time: nodes that run when they have something to do, each with a clock of its own. */
package org.clockwork.sim.time;
