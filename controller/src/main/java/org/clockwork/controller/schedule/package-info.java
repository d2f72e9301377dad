/**
 * Station 3: which model, batch size, device and window; which copies are loaded and unloaded; which requests are refused.
 *
 * <p>A policy is one class behind {@link org.clockwork.controller.schedule.Scheduler}; what policies share are parts:
 * the plans of devices, models and artifacts, timelines of engines, the mirror of each device's memory, expected
 * durations, and the starter that turns a choice into an action with its window.
 */
package org.clockwork.controller.schedule;
