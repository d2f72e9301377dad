package org.clockwork.cli.run;

/** What an agent's thread does when it finds nothing to do. */
public enum IdleMode {
    /** Busy-spin when dedicated, back off when shared. */
    AUTO,
    /** Asks again at once: lowest latency, a whole core. */
    SPIN,
    /** Gives the core to others that want it, and asks again. */
    YIELD,
    /** Spins, yields, then sleeps 1 us to 50 us. */
    BACKOFF
}
