/** The simulation: production agents, codecs and schedulers under virtual time, the same run again from the same seed. */
package org.clockwork.sim;
