/** Makes models ready, off the agent. */
package org.clockwork.worker.install;
