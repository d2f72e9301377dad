package org.clockwork.cli.run;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Finds UDP ports that nobody uses, so that a demonstration runs beside anything else. */
public final class FreePorts {
    private static final int NEEDED = 4;
    private static final int FIRST = 24_217;
    private static final int STEP = 10;
    private static final int TRIES = 1_000;

    private FreePorts() {
    }

    /** The first of four neighbouring free ports on loopback. */
    public static int find() {
        final int start = (int) (ProcessHandle.current().pid() % TRIES);
        for (int i = 0; i < TRIES; i++) {
            final int port = FIRST + (start + i) % TRIES * STEP;
            if (areFree(port)) {
                return port;
            }
        }
        throw new UserError("no four neighbouring UDP ports are free on loopback");
    }

    private static boolean areFree(final int first) {
        for (int port = first; port < first + NEEDED; port++) {
            try (DatagramSocket socket = new DatagramSocket(null)) {
                socket.setReuseAddress(false);
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            } catch (final IOException ex) {
                return false;
            }
        }
        return true;
    }
}
