package org.clockwork.controller.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** Digests of what is to be run: equal for registrations that can share one artifact. */
final class ArtifactKey {
    static final int BYTES = 32;

    private ArtifactKey() {
    }

    /** Digest of a file or profile, its fixed dimensions and its options. */
    static byte[] of(
        final byte[] fileSha256, final String profileName, final Map<String, Integer> dimensions, final int maxBatch,
        final String options) {
        final StringBuilder text = new StringBuilder(256)
            .append("file ").append(HexFormat.of().formatHex(fileSha256))
            .append("\nprofile ").append(profileName)
            .append("\nmaxBatch ").append(maxBatch);
        new TreeMap<>(dimensions).forEach(
            (name, value) -> text.append("\ndimension ").append(value).append(' ').append(name));
        if (!options.isEmpty()) {
            text.append("\noptions ").append(options);
        }
        return sha256().digest(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (final NoSuchAlgorithmException ex) {
            throw new IllegalStateException("every Java platform has SHA-256", ex);
        }
    }

    static boolean isZero(final byte[] digest) {
        int bits = 0;
        for (final byte b : digest) {
            bits |= b;
        }
        return bits == 0;
    }
}
