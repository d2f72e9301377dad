package org.clockwork.schema.link.aeron;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;

/** Finds ports that nobody uses at this moment. */
final class FreePorts {
    private FreePorts() {
    }

    /** An endpoint on loopback whose next port is free too. */
    static String endpoint() {
        try {
            for (int attempt = 0; attempt < 100; attempt++) {
                try (DatagramSocket first = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
                    if (first.getLocalPort() < 65535 && isFree(first.getLocalPort() + 1)) {
                        return "127.0.0.1:" + first.getLocalPort();
                    }
                }
            }
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
        throw new IllegalStateException("no two free ports in a row");
    }

    private static boolean isFree(final int port) {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", port))) {
            return socket.isBound();
        } catch (final IOException ex) {
            return false;
        }
    }
}
