package org.clockwork.client;

/** The life of a client's connection. Every change goes through {@code Connection.state(...)} with a reason. */
public enum ClientState {
    /** There is no link; the next endpoint is dialed when the back-off is over. */
    DISCONNECTED,
    /** A link was dialed and is not yet up. */
    DIALING,
    /** CONNECT was sent and its answer has not come. */
    CONNECTING,
    /** The controller granted a session; requests are taken. */
    CONNECTED,
    /** The user closed the client; nothing moves any more. */
    CLOSED
}
