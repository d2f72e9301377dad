/** Model files on disk, by hash. */
package org.clockwork.worker.store;
