package org.clockwork.controller.model;

import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.clockwork.controller.wire.Names;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.RegisterModelDecoder;
import org.clockwork.schema.codec.Status;

/** What a REGISTER-MODEL asks for, and whether it contradicts itself. Immutable once read. */
final class Registration {
    /** Names of artifacts' rows and dimensions are no longer than this. */
    private static final int MAX_TEXT = 128;
    private static final int MAX_DIMENSIONS = 64;
    private static final int MAX_OPTIONS = 2048;

    final long correlationId;
    final String name;
    final int count;
    final String profileName;
    /** How the file is to be run: what the words mean is the workers' business. */
    final String options;
    final byte[] sha256 = new byte[ArtifactKey.BYTES];
    final long fileLength;
    final TreeMap<String, Integer> dimensions = new TreeMap<>();
    final int maxBatch;
    final long defaultSloNs;
    final boolean isReplacing;
    /** OK, or what is wrong. */
    Status status = Status.OK;
    /** A sentence about what is wrong. */
    String detail = "";

    /** Limits of what may be registered. */
    record Limits(int maxModels, long maxFileBytes, int defaultMaxBatch) {
    }

    Registration(final RegisterModelDecoder message, final Limits limits) {
        correlationId = message.correlationId();
        fileLength = message.fileLength();
        message.getSha256(sha256, 0, sha256.length);
        count = message.count();
        defaultSloNs = message.defaultSloNs() == RegisterModelDecoder.defaultSloNsNullValue()
            ? Protocol.NULL_NS : message.defaultSloNs();
        maxBatch = message.maxBatch() == 0 ? limits.defaultMaxBatch : message.maxBatch();
        isReplacing = message.flags().replace();
        readDimensions(message.dimensions());
        name = message.name();
        profileName = message.profileName();
        options = message.options();
        judge(limits);
    }

    /** The {@code i}-th name that is registered. */
    static String nameOf(final String name, final int count, final int i) {
        return count == 1 ? name : name + '-' + i;
    }

    String nameOf(final int i) {
        return nameOf(name, count, i);
    }

    boolean isFile() {
        return profileName.isEmpty();
    }

    byte[] key() {
        return ArtifactKey.of(sha256, profileName, dimensions, maxBatch, options);
    }

    String fileName() {
        return HexFormat.of().formatHex(sha256);
    }

    /** OK, or why these names can be registered by nobody. */
    static Status judgeNames(final String name, final int count, final int maxModels) {
        if (!Names.isValid(name) || count > 1 && !Names.isValid(nameOf(name, count, count - 1))) {
            return Status.INVALID_NAME;
        }
        if (count < 1) {
            return Status.INVALID_REGISTRATION;
        }
        return count > maxModels ? Status.TOO_MANY_MODELS : Status.OK;
    }

    private void readDimensions(final RegisterModelDecoder.DimensionsDecoder group) {
        if (group.count() > MAX_DIMENSIONS) {
            refuse(Status.INVALID_REGISTRATION, "dimensions=" + group.count() + " are more than " + MAX_DIMENSIONS);
        }
        while (group.hasNext()) {
            group.next();
            final int value = group.value();
            final String dimension = group.dimension();
            if (dimension.isEmpty() || dimension.length() > MAX_TEXT || hasControls(dimension)) {
                refuse(Status.INVALID_REGISTRATION, "a dimension has no name of 1 to " + MAX_TEXT + " characters");
            } else if (value < 1) {
                refuse(Status.INVALID_REGISTRATION, "dimension " + dimension + "=" + value + " is not positive");
            } else if (dimensions.put(dimension, value) != null) {
                refuse(Status.INVALID_REGISTRATION, "dimension " + dimension + " is given twice");
            }
        }
    }

    private void judge(final Limits limits) {
        final Status names = judgeNames(name, count, limits.maxModels);
        if (names != Status.OK) {
            refuse(names, names == Status.INVALID_NAME
                ? "a name is 1 to " + Protocol.MAX_NAME_LENGTH + " characters of letters, digits and . _ - / :"
                : "count=" + count + " must be 1 to " + limits.maxModels);
        }
        if (defaultSloNs != Protocol.NULL_NS && defaultSloNs <= 0) {
            refuse(Status.INVALID_SLO, "defaultSloNs=" + defaultSloNs + " is not positive");
        }
        if (maxBatch > Protocol.MAX_BATCH) {
            refuse(Status.INVALID_REGISTRATION, "maxBatch=" + maxBatch + " exceeds " + Protocol.MAX_BATCH);
        }
        if (options.length() > MAX_OPTIONS || hasControls(options)) {
            refuse(Status.INVALID_REGISTRATION, "options are no text of at most " + MAX_OPTIONS + " characters");
        }
        final boolean hasDigest = !ArtifactKey.isZero(sha256);
        if (isFile()) {
            if (fileLength < 1 || !hasDigest) {
                refuse(Status.INVALID_REGISTRATION, "a file needs its length and SHA-256, or a profile is to be named");
            } else if (fileLength > limits.maxFileBytes) {
                refuse(Status.MODEL_TOO_LARGE, "fileLength=" + fileLength + " exceeds " + limits.maxFileBytes);
            }
        } else if (fileLength != 0 || hasDigest || !dimensions.isEmpty() || !options.isEmpty()) {
            refuse(Status.INVALID_REGISTRATION, "a profile has neither file nor dimensions, precision or input transform");
        } else if (profileName.length() > MAX_TEXT || hasControls(profileName)) {
            refuse(Status.INVALID_REGISTRATION, "profileName is no text of 1 to " + MAX_TEXT + " characters");
        }
    }

    private void refuse(final Status why, final String sentence) {
        if (status == Status.OK) {
            status = why;
            detail = sentence;
        }
    }

    private static boolean hasControls(final String text) {
        return text.chars().anyMatch(Character::isISOControl);
    }

    /** Fixed dimensions as people read them. */
    static String text(final Map<String, Integer> dimensions) {
        final StringBuilder text = new StringBuilder();
        dimensions.forEach((dimension, value) ->
            text.append(text.isEmpty() ? "" : " ").append(dimension).append('=').append(value));
        return text.toString();
    }
}
