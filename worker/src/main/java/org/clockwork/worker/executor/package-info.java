/** One executor per device: starts operations when their windows allow and takes them back. */
package org.clockwork.worker.executor;
