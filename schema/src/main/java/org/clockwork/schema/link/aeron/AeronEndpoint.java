package org.clockwork.schema.link.aeron;

/**
 * Where a listener listens, as {@code host:port} or {@code host:port/responsePort}; the port of the responses is the
 * next one unless it is named. IPv6 addresses stand in brackets.
 *
 * @param host         name or address.
 * @param port         of the requests.
 * @param responsePort control port of the response channels.
 */
public record AeronEndpoint(String host, int port, int responsePort) {
    /** Checks the ports. */
    public AeronEndpoint {
        if (port < 1 || responsePort < 1 || port > 65535 || responsePort > 65535 || port == responsePort) {
            throw new IllegalArgumentException("port=" + port + " responsePort=" + responsePort + " host=" + host);
        }
    }

    /**
     * Reads the text form.
     *
     * @throws IllegalArgumentException if it has another form.
     */
    public static AeronEndpoint parse(final String text) {
        final int colon = text.lastIndexOf(':');
        final int slash = text.indexOf('/', colon + 1);
        final String host = text.substring(0, Math.max(0, colon));
        if (!host.matches("[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.%]+\\]")) {
            throw new IllegalArgumentException("endpoint=" + text + " must be host:port or host:port/responsePort");
        }
        try {
            final int port = Integer.parseInt(text.substring(colon + 1, slash < 0 ? text.length() : slash));
            return new AeronEndpoint(host, port, slash < 0 ? port + 1 : Integer.parseInt(text.substring(slash + 1)));
        } catch (final NumberFormatException ex) {
            throw new IllegalArgumentException("endpoint=" + text + " must be host:port or host:port/responsePort", ex);
        }
    }

    /** Whether the host is this machine's loopback address, by its text. */
    public boolean isLoopback() {
        return isLoopback(host);
    }

    /** {@code host:port} of the requests. */
    public String request() {
        return host + ":" + port;
    }

    /** {@code host:port} of the response channels' control. */
    public String response() {
        return host + ":" + responsePort;
    }

    static boolean isLoopback(final String address) {
        return address.startsWith("127.") || address.startsWith("localhost") || address.startsWith("[::1]") ||
            address.startsWith("[0:0:0:0:0:0:0:1]");
    }
}
