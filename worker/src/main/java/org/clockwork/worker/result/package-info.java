/** Sends results and outputs. */
package org.clockwork.worker.result;
