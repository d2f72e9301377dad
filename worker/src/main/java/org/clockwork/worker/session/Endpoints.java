package org.clockwork.worker.session;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Whom to dial next: the configured controllers in turn, or first those that a controller named in a REDIRECT, once each.
 * A REDIRECT may follow another, up to a limit. Owned by the worker agent.
 */
public final class Endpoints {
    /** Most endpoints taken from one REDIRECT. */
    public static final int MAX_REDIRECT_ENDPOINTS = 8;
    /** Most REDIRECTs in a row. */
    public static final int MAX_REDIRECTS = 4;
    private static final Pattern ENDPOINT = Pattern.compile("[A-Za-z0-9._\\-\\[\\]:]{1,255}:[0-9]{1,5}");

    private final List<String> configured;
    private final List<String> redirected = new ArrayList<>();
    private int index;
    private int redirects;
    private boolean hasTriedAll;

    /** The configured endpoints, at least one. */
    public Endpoints(final List<String> configured) {
        this.configured = List.copyOf(configured);
    }

    /** Whether a text can be an endpoint. */
    public static boolean isEndpoint(final String text) {
        return ENDPOINT.matcher(text).matches();
    }

    /** The one to dial. */
    String current() {
        return redirected.isEmpty() ? configured.get(index) : redirected.get(0);
    }

    /** The current one led nowhere. */
    void failed() {
        if (redirected.isEmpty()) {
            index = (index + 1) % configured.size();
            hasTriedAll = index == 0;
        } else {
            redirected.remove(0);
        }
    }

    /** Whether each configured endpoint has failed since the last pause. */
    boolean hasTriedAll() {
        return hasTriedAll;
    }

    /** A pause was made. */
    void paused() {
        hasTriedAll = false;
        redirects = 0;
    }

    /** The current one accepted this worker. */
    void succeeded() {
        redirects = 0;
        hasTriedAll = false;
    }

    /**
     * The current one names others.
     *
     * @param list endpoints, separated by commas.
     * @return false if none of it can be used, or if there were too many in a row.
     */
    boolean redirect(final String list) {
        if (++redirects > MAX_REDIRECTS) {
            return false;
        }
        final List<String> named = new ArrayList<>();
        for (final String part : list.split(",", MAX_REDIRECT_ENDPOINTS + 1)) {
            final String endpoint = part.strip();
            if (named.size() < MAX_REDIRECT_ENDPOINTS && isEndpoint(endpoint)) {
                named.add(endpoint);
            }
        }
        if (named.isEmpty()) {
            return false;
        }
        redirected.clear();
        redirected.addAll(named);
        return true;
    }
}
