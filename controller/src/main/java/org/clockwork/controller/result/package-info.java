/** Station 8: what workers report; profiles, timelines and the memory mirror learn from it. */
package org.clockwork.controller.result;
