package org.clockwork.client;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which controller to dial next: the configured endpoints in turn, or those of a REDIRECT until each was tried once.
 * Owned by the thread that polls the core.
 */
final class Endpoints {
    /** Most endpoints in a list. */
    static final int MAX = 16;

    private static final Pattern FORM =
        Pattern.compile("([A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.%]{2,64}]):([0-9]{1,5})(/[0-9]{1,5})?");
    private static final int MAX_REDIRECTS = 4;

    private final List<String> configured;
    private List<String> redirected = List.of();
    private int index;
    private int redirectIndex;
    private int redirects;

    Endpoints(final List<String> configured) {
        this.configured = configured;
    }

    /**
     * Endpoints of a text such as {@code host:port,[::1]:port}.
     *
     * @throws IllegalArgumentException with a sentence, when it is no such list.
     */
    static List<String> parse(final String text) {
        final List<String> endpoints = new ArrayList<>();
        for (final String part : text.split(",", -1)) {
            final String endpoint = part.trim();
            final Matcher matcher = FORM.matcher(endpoint);
            if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > 65535) {
                throw new IllegalArgumentException(
                    "'" + endpoint + "' is no endpoint of the form host:port or host:port/responsePort");
            }
            endpoints.add(endpoint);
        }
        if (endpoints.size() > MAX) {
            throw new IllegalArgumentException(endpoints.size() + " endpoints are more than " + MAX);
        }
        return List.copyOf(endpoints);
    }

    /** The endpoint to dial now. */
    String current() {
        return isRedirected() ? redirected.get(redirectIndex) : configured.get(index);
    }

    boolean isRedirected() {
        return !redirected.isEmpty();
    }

    /** The current endpoint failed. Returns whether all were tried since the list began, so that it is time to back off. */
    boolean advance() {
        if (isRedirected()) {
            if (++redirectIndex < redirected.size()) {
                return false;
            }
            redirected = List.of();
            redirects = 0;
        }
        index = (index + 1) % configured.size();
        return index == 0;
    }

    /** The current endpoint names others. Returns false if it names none, or redirects too often. */
    boolean redirect(final String list) {
        if (++redirects > MAX_REDIRECTS) {
            return false;
        }
        try {
            redirected = parse(list);
            redirectIndex = 0;
            return true;
        } catch (final IllegalArgumentException ex) {
            return false;
        }
    }

    /** A session was granted. */
    void onConnected() {
        redirects = 0;
    }
}
