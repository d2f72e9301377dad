/** What every long-running command needs: an Aeron driver and client, a choice of threads, and a clean end on a signal. */
package org.clockwork.cli.run;
