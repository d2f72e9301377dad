package org.clockwork.controller;

import org.clockwork.controller.model.ModelCatalogue;
import org.clockwork.controller.session.SessionCloser;
import org.clockwork.schema.Protocol;

/** Options and collaborators of a {@link RequestPath}: fluent, with defaults, checked once by {@link #conclude}. */
public final class RequestPathContext {
    private boolean isConcluded;
    private long epoch = 1;
    private ModelCatalogue catalogue;
    private SessionCloser sessionCloser;
    private String policy = "paper";
    private int maxRequests = 65_536;
    private int maxActions = 16_384;
    private int inlineBytes = Protocol.DEFAULT_INLINE_BYTES;
    private long arenaBytes = 128L << 20;
    private boolean acceptsGeneratedInputs = true;
    private long lookAheadNs = 5_000_000L;

    /** Checks that everything needed is there and consistent; a second call is refused. */
    RequestPathContext conclude() {
        if (isConcluded) {
            throw new IllegalStateException("concluded already");
        }
        if (catalogue == null || sessionCloser == null) {
            throw new IllegalStateException("missing: catalogue=" + catalogue + " sessionCloser=" + sessionCloser);
        }
        isConcluded = true;
        return this;
    }

    /** Epoch of this controller, part of each message to a worker. */
    public RequestPathContext epoch(final long value) {
        epoch = value;
        return this;
    }

    /** Epoch of this controller. */
    public long epoch() {
        return epoch;
    }

    /** Where models are found. */
    public RequestPathContext catalogue(final ModelCatalogue value) {
        catalogue = value;
        return this;
    }

    /** Where models are found. */
    public ModelCatalogue catalogue() {
        return catalogue;
    }

    /** Who ends sessions of clients that do not take their responses. */
    public RequestPathContext sessionCloser(final SessionCloser value) {
        sessionCloser = value;
        return this;
    }

    /** Who ends sessions of clients that do not take their responses. */
    public SessionCloser sessionCloser() {
        return sessionCloser;
    }

    /** Name of the scheduling policy. */
    public RequestPathContext policy(final String value) {
        policy = value;
        return this;
    }

    /** Name of the scheduling policy. */
    public String policy() {
        return policy;
    }

    /** Requests in flight at most, over all clients. */
    public RequestPathContext maxRequests(final int value) {
        maxRequests = value;
        return this;
    }

    /** Requests in flight at most, over all clients. */
    public int maxRequests() {
        return maxRequests;
    }

    /** Actions in flight at most, over all workers. */
    public RequestPathContext maxActions(final int value) {
        maxActions = value;
        return this;
    }

    /** Actions in flight at most, over all workers. */
    public int maxActions() {
        return maxActions;
    }

    /** Tensors up to this size go inside control messages. */
    public RequestPathContext inlineBytes(final int value) {
        inlineBytes = value;
        return this;
    }

    /** Tensors up to this size go inside control messages. */
    public int inlineBytes() {
        return inlineBytes;
    }

    /** Memory for inputs and for outputs that wait. */
    public RequestPathContext arenaBytes(final long value) {
        arenaBytes = value;
        return this;
    }

    /** Memory for inputs and for outputs that wait. */
    public long arenaBytes() {
        return arenaBytes;
    }

    /** Whether requests may ask the worker to make up their input. */
    public RequestPathContext acceptsGeneratedInputs(final boolean value) {
        acceptsGeneratedInputs = value;
        return this;
    }

    /** Whether requests may ask the worker to make up their input. */
    public boolean acceptsGeneratedInputs() {
        return acceptsGeneratedInputs;
    }

    /** How far ahead of its start work is sent to a device. */
    public RequestPathContext lookAheadNs(final long value) {
        lookAheadNs = value;
        return this;
    }

    /** How far ahead of its start work is sent to a device. */
    public long lookAheadNs() {
        return lookAheadNs;
    }
}
