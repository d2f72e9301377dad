/** What every device has to keep to, as tests that each device's module extends. */
package org.clockwork.device.conformance;
