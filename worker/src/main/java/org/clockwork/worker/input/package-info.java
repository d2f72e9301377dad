/** Inputs of requests: received, inline or generated, in bounded host memory. */
package org.clockwork.worker.input;
