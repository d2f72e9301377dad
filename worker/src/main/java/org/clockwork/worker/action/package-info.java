/** Actions and their checks on arrival. */
package org.clockwork.worker.action;
