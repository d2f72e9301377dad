/** Station 5: actions are encoded and offered to their worker, again and again until it is too late. */
package org.clockwork.controller.dispatch;
