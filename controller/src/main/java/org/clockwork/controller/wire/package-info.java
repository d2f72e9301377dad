/** What sessions and workers share towards the wire: the check of what arrives, and the queue of what could not leave yet. */
package org.clockwork.controller.wire;
