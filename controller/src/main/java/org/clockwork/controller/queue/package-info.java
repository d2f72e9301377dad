/** Waiting requests: a deadline-ordered queue for each model. */
package org.clockwork.controller.queue;
