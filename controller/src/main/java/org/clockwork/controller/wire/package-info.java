/** What sessions and workers share towards the wire: names, times, and the queue of what could not leave yet. */
package org.clockwork.controller.wire;
