/** Holds actions until their windows open. */
package org.clockwork.worker.window;
