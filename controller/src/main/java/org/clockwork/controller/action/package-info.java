/** Station 4: actions and the table of those in flight. */
package org.clockwork.controller.action;
