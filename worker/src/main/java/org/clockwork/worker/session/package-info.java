/** Who the controller is: dialing, HELLO, heartbeats, epochs. */
package org.clockwork.worker.session;
