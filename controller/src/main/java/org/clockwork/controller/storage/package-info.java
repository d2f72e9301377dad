/** Files: a small port over the file system, and a thread beside the agent that does what may block. */
package org.clockwork.controller.storage;
