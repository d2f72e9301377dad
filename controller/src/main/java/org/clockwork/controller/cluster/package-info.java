/** Workers and their devices as the controller sees them: liveness, clocks, artifacts installed, memory mirrors. */
package org.clockwork.controller.cluster;
