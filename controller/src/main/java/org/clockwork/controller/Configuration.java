package org.clockwork.controller;

import static org.agrona.SystemUtil.getDurationInNanos;
import static org.agrona.SystemUtil.getSizeAsLong;

import org.clockwork.schema.Protocol;

/** Names of the system properties that a {@link Controller.Context} reads, and what holds where none is set. */
public final class Configuration {
    /** Directory of the catalogue and the model files; one controller at a time uses it. */
    public static final String DIRECTORY_PROP_NAME = "clockwork.controller.dir";
    /** Default of {@link #DIRECTORY_PROP_NAME}. */
    public static final String DIRECTORY_DEFAULT = "clockwork-controller";

    /** Sessions of clients at once. */
    public static final String MAX_SESSIONS_PROP_NAME = "clockwork.controller.max.sessions";
    /** Default of {@link #MAX_SESSIONS_PROP_NAME}. */
    public static final int MAX_SESSIONS_DEFAULT = 1024;

    /** Requests that one session may have in flight. */
    public static final String MAX_IN_FLIGHT_PROP_NAME = "clockwork.controller.max.in.flight";
    /** Default of {@link #MAX_IN_FLIGHT_PROP_NAME}. */
    public static final int MAX_IN_FLIGHT_DEFAULT = 4096;

    /** Input bytes that one session may have in flight; may end in k, m or g. */
    public static final String MAX_BYTES_PROP_NAME = "clockwork.controller.max.bytes";
    /** Default of {@link #MAX_BYTES_PROP_NAME}. */
    public static final long MAX_BYTES_DEFAULT = 64L << 20;

    /** Workers at once. */
    public static final String MAX_WORKERS_PROP_NAME = "clockwork.controller.max.workers";
    /** Default of {@link #MAX_WORKERS_PROP_NAME}. */
    public static final int MAX_WORKERS_DEFAULT = 256;

    /** Devices at once, over all workers. */
    public static final String MAX_DEVICES_PROP_NAME = "clockwork.controller.max.devices";
    /** Default of {@link #MAX_DEVICES_PROP_NAME}. */
    public static final int MAX_DEVICES_DEFAULT = 1024;

    /** Names registered at once. */
    public static final String MAX_MODELS_PROP_NAME = "clockwork.controller.max.models";
    /** Default of {@link #MAX_MODELS_PROP_NAME}. */
    public static final int MAX_MODELS_DEFAULT = 65_536;

    /** Files and profiles, with their dimensions and options, that registered names run. */
    public static final String MAX_ARTIFACTS_PROP_NAME = "clockwork.controller.max.artifacts";
    /** Default of {@link #MAX_ARTIFACTS_PROP_NAME}. */
    public static final int MAX_ARTIFACTS_DEFAULT = 8192;

    /** Bytes of one model file; may end in k, m or g. */
    public static final String MAX_FILE_BYTES_PROP_NAME = "clockwork.controller.max.file.bytes";
    /** Default of {@link #MAX_FILE_BYTES_PROP_NAME}. */
    public static final long MAX_FILE_BYTES_DEFAULT = 8L << 30;

    /** Model files that clients send at once. */
    public static final String MAX_TRANSFERS_PROP_NAME = "clockwork.controller.max.transfers";
    /** Default of {@link #MAX_TRANSFERS_PROP_NAME}. */
    public static final int MAX_TRANSFERS_DEFAULT = 8;

    /** Time without a chunk after which a transfer is given up, such as 10s. */
    public static final String TRANSFER_TIMEOUT_PROP_NAME = "clockwork.controller.transfer.timeout";
    /** Default of {@link #TRANSFER_TIMEOUT_PROP_NAME}. */
    public static final long TRANSFER_TIMEOUT_DEFAULT_NS = 10_000_000_000L;

    /** Interval of heartbeats and keep-alives, such as 50ms. */
    public static final String HEARTBEAT_PROP_NAME = "clockwork.controller.heartbeat";
    /** Default of {@link #HEARTBEAT_PROP_NAME}. */
    public static final long HEARTBEAT_DEFAULT_NS = Protocol.DEFAULT_HEARTBEAT_NS;

    /** Silence after which a client or worker is gone, such as 500ms; more than twice the heartbeat. */
    public static final String TIMEOUT_PROP_NAME = "clockwork.controller.timeout";
    /** Default of {@link #TIMEOUT_PROP_NAME}. */
    public static final long TIMEOUT_DEFAULT_NS = Protocol.DEFAULT_TIMEOUT_NS;

    /** Tensors of a request up to so many bytes travel inside control messages; may end in k. */
    public static final String INLINE_BYTES_PROP_NAME = "clockwork.controller.inline.bytes";
    /** Default of {@link #INLINE_BYTES_PROP_NAME}. */
    public static final int INLINE_BYTES_DEFAULT = Protocol.DEFAULT_INLINE_BYTES;

    /** Largest batch that is compiled and measured for registrations that state none. */
    public static final String MAX_BATCH_PROP_NAME = "clockwork.controller.max.batch";
    /** Default of {@link #MAX_BATCH_PROP_NAME}. */
    public static final int MAX_BATCH_DEFAULT = 16;

    /** Measurements of each duration that count. */
    public static final String PROFILE_WINDOW_PROP_NAME = "clockwork.controller.profile.window";
    /** Default of {@link #PROFILE_WINDOW_PROP_NAME}. */
    public static final int PROFILE_WINDOW_DEFAULT = 100;

    /** Percentile of the measurements that is expected. */
    public static final String PROFILE_PERCENTILE_PROP_NAME = "clockwork.controller.profile.percentile";
    /** Default of {@link #PROFILE_PERCENTILE_PROP_NAME}. */
    public static final double PROFILE_PERCENTILE_DEFAULT = 99;

    /** Time between writes of the measured durations to the catalogue's file, such as 60s. */
    public static final String PROFILE_SAVE_PROP_NAME = "clockwork.controller.profile.save";
    /** Default of {@link #PROFILE_SAVE_PROP_NAME}. */
    public static final long PROFILE_SAVE_DEFAULT_NS = 60_000_000_000L;

    /** Messages taken from one peer's control lane in one cycle. */
    public static final String CONTROL_LIMIT_PROP_NAME = "clockwork.controller.control.limit";
    /** Default of {@link #CONTROL_LIMIT_PROP_NAME}. */
    public static final int CONTROL_LIMIT_DEFAULT = 16;

    /** Messages taken from one peer's bulk lane in one cycle. */
    public static final String BULK_LIMIT_PROP_NAME = "clockwork.controller.bulk.limit";
    /** Default of {@link #BULK_LIMIT_PROP_NAME}. */
    public static final int BULK_LIMIT_DEFAULT = 4;

    private Configuration() {
    }

    static long durationNs(final String name, final long defaultNs) {
        return getDurationInNanos(name, defaultNs);
    }

    static long bytes(final String name, final long defaultBytes) {
        return getSizeAsLong(name, defaultBytes);
    }

    static int count(final String name, final int defaultCount) {
        final String text = System.getProperty(name);
        try {
            return text == null ? defaultCount : Integer.parseInt(text.strip());
        } catch (final NumberFormatException ex) {
            throw new IllegalArgumentException(name + '=' + text + " is no whole number", ex);
        }
    }

    static double number(final String name, final double defaultNumber) {
        final String text = System.getProperty(name);
        try {
            return text == null ? defaultNumber : Double.parseDouble(text);
        } catch (final NumberFormatException ex) {
            throw new IllegalArgumentException(name + '=' + text + " is no number", ex);
        }
    }
}
