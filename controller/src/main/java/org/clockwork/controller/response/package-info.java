/** Station 9: the one end of each request, on its way to its client. */
package org.clockwork.controller.response;
