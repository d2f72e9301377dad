/** Messages in and out: the only code of a worker that touches their bytes. */
package org.clockwork.worker.link;
