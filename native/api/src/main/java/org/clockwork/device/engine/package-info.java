/**
 * What devices with threads of their own have in common: the agent's side keeps the table of what is loaded and counts
 * pages ({@link org.clockwork.device.engine.EngineDevice}), two engines do the work
 * ({@link org.clockwork.device.engine.Engine}).
 */
package org.clockwork.device.engine;
