/** Station 1: requests arrive, are checked and get a slot; their inputs are gathered in a bounded arena. */
package org.clockwork.controller.request;
