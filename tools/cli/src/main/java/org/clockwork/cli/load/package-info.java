/** Load over a real client: the client core, the load driver and what they record, all on one agent's thread. */
package org.clockwork.cli.load;
