package org.clockwork.controller.wire;

import org.clockwork.schema.Protocol;

/** The rule for names of models and workers: 1 to 128 characters of letters, digits and {@code . _ - / :}. */
public final class Names {
    private Names() {
    }

    /** Whether the name keeps the rule. */
    public static boolean isValid(final String name) {
        if (name.isEmpty() || name.length() > Protocol.MAX_NAME_LENGTH) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if (!isValid(name.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /** The first so many characters of a text for people. */
    public static String shorten(final String text, final int limit) {
        return text.length() <= limit ? text : text.substring(0, limit);
    }

    private static boolean isValid(final char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
            || c == '.' || c == '_' || c == '-' || c == '/' || c == ':';
    }
}
