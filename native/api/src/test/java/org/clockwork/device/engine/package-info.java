/** What devices with engines have in common, on engines that do nothing but what a test tells them. */
package org.clockwork.device.engine;
