/** Clients: sessions, their limits, keep-alives and hop estimates, and the queries they ask. */
package org.clockwork.controller.session;
