/** The scenarios of the simulation: what is set up, what is asked of it, the bound it can't pass, and the report. */
package org.clockwork.sim.scenario;
