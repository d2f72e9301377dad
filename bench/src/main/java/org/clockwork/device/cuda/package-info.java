/** JMH benchmarks of the CUDA device that look inside: its programs without its engines. */
package org.clockwork.device.cuda;
