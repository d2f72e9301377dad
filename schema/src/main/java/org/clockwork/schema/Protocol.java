package org.clockwork.schema;

import org.clockwork.schema.codec.MessageHeaderDecoder;

/** Numbers of the wire protocol that are not in the schema file itself: stream ids, limits and default times. */
public final class Protocol {
    /** Stream on which clients dial in; the answers come back on the same id of their response channel. */
    public static final int CLIENT_CONTROL_STREAM = 101;
    /** Bulk companion of {@link #CLIENT_CONTROL_STREAM}. */
    public static final int CLIENT_BULK_STREAM = 102;
    /** Stream on which workers dial in; the answers come back on the same id of their response channel. */
    public static final int WORKER_CONTROL_STREAM = 201;
    /** Bulk companion of {@link #WORKER_CONTROL_STREAM}. */
    public static final int WORKER_BULK_STREAM = 202;

    /** Tensors up to this many bytes (all of a request together) travel inside control messages. */
    public static final int DEFAULT_INLINE_BYTES = 1024;
    /** Payload of one INPUT, OUTPUT or FILE-CHUNK message: the header, the block and this fit 64 KiB. */
    public static final int MAX_CHUNK_BYTES = 60 * 1024;
    /** No message on any lane is longer than this. */
    public static final int MAX_MESSAGE_BYTES = 64 * 1024;
    /** Most requests in one INFER. */
    public static final int MAX_BATCH = 64;

    /** Interval of heartbeats and keep-alives. */
    public static final long DEFAULT_HEARTBEAT_NS = 50_000_000L;
    /** Silence after which a peer is given up. */
    public static final long DEFAULT_TIMEOUT_NS = 500_000_000L;

    /** Longest registered name, in characters. */
    public static final int MAX_NAME_LENGTH = 128;

    /** Absence of a time in fields of type NullableNs. */
    public static final long NULL_NS = Long.MIN_VALUE;

    /** Version of the schema that this build speaks. */
    public static final int VERSION = MessageHeaderDecoder.SCHEMA_VERSION;

    private Protocol() {
    }
}
