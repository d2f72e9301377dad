/** JMH benchmarks: what the parts cost. */
package org.clockwork.bench;
