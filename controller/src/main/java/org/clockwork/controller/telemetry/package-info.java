/** What is recorded of requests and actions: histograms of phases, a request log and an action log. */
package org.clockwork.controller.telemetry;
