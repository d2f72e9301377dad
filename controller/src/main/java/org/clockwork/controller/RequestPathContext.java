package org.clockwork.controller;

import org.clockwork.controller.model.ModelCatalogue;
import org.clockwork.controller.schedule.QueueScheduler;
import org.clockwork.controller.schedule.SchedulerParts;
import org.clockwork.controller.session.SessionCloser;
import org.clockwork.controller.telemetry.PathObserver;
import org.clockwork.schema.Protocol;

/** Options and collaborators of a {@link RequestPath}: fluent, with defaults, checked once by {@link #conclude}. */
public final class RequestPathContext {
    private boolean isConcluded;
    private long epoch = 1;
    private ModelCatalogue catalogue;
    private SessionCloser sessionCloser;
    private String policy = QueueScheduler.POLICIES.get(0);
    private int maxRequests = 65_536;
    private int maxActions = 16_384;
    private int inlineBytes = Protocol.DEFAULT_INLINE_BYTES;
    private long arenaBytes = 128L << 20;
    private boolean acceptsGeneratedInputs = true;
    private long lookAheadNs = SchedulerParts.AUTO_NS;
    private long backgroundLookAheadNs = 1_000_000L;
    private long backgroundBatchNs = 20_000_000L;
    private long agingNs = 5_000_000_000L;
    private int maxOutstanding = 128;
    private long marginNs = 100_000L;
    private long bulkBytesPerUs = 1000;
    private long actionSilenceNs = 500_000_000L;
    private int profileRepetitions = 5;
    private long profilePatienceNs = 1_000_000_000L;
    private long inputTimeoutNs = 5_000_000_000L;
    private int maxEarlyParts = 1024;
    private long earlyTimeoutNs = 1_000_000_000L;
    private long outputTimeoutNs = 1_000_000_000L;
    private int maxWaitingMessages = 4096;
    private long retryNs = 10_000L;
    private PathObserver observer = PathObserver.NONE;

    /** Checks that everything needed is there and consistent; a second call is refused. */
    RequestPathContext conclude() {
        if (isConcluded) {
            throw new IllegalStateException("concluded already");
        }
        if (catalogue == null || sessionCloser == null) {
            throw new IllegalStateException("missing: catalogue=" + catalogue + " sessionCloser=" + sessionCloser);
        }
        check("maxRequests", maxRequests, 1, 1 << 22);
        check("maxActions", maxActions, 1, 1 << 20);
        check("inlineBytes", inlineBytes, 0, Protocol.MAX_CHUNK_BYTES);
        check("lookAheadNs", lookAheadNs, SchedulerParts.AUTO_NS, Long.MAX_VALUE >> 8);
        check("maxOutstanding", maxOutstanding, 1, maxActions);
        check("marginNs", marginNs, 0, Long.MAX_VALUE >> 8);
        check("bulkBytesPerUs", bulkBytesPerUs, 1, Long.MAX_VALUE);
        check("profileRepetitions", profileRepetitions, 1, 1000);
        check("maxEarlyParts", maxEarlyParts, 1, 1 << 20);
        check("maxWaitingMessages", maxWaitingMessages, 1, 1 << 20);
        check("retryNs", retryNs, 1, Long.MAX_VALUE >> 8);
        if (!QueueScheduler.POLICIES.contains(policy)) {
            throw new IllegalStateException("unknown policy=" + policy + "; there are: " + QueueScheduler.POLICIES);
        }
        isConcluded = true;
        return this;
    }

    private static void check(final String name, final long value, final long least, final long most) {
        if (value < least || value > most) {
            throw new IllegalStateException(name + '=' + value + " is not in " + least + ".." + most);
        }
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

    /** How far ahead of its start work without deadline is sent to a device. */
    public RequestPathContext backgroundLookAheadNs(final long value) {
        backgroundLookAheadNs = value;
        return this;
    }

    /** How far ahead of its start work without deadline is sent to a device. */
    public long backgroundLookAheadNs() {
        return backgroundLookAheadNs;
    }

    /** Longest batch of requests without deadline, unless a single one takes longer. */
    public RequestPathContext backgroundBatchNs(final long value) {
        backgroundBatchNs = value;
        return this;
    }

    /** Longest batch of requests without deadline, unless a single one takes longer. */
    public long backgroundBatchNs() {
        return backgroundBatchNs;
    }

    /** Age at which requests without deadline get a share of a busy device. */
    public RequestPathContext agingNs(final long value) {
        agingNs = value;
        return this;
    }

    /** Age at which requests without deadline get a share of a busy device. */
    public long agingNs() {
        return agingNs;
    }

    /** Executions that one device is given at most. */
    public RequestPathContext maxOutstanding(final int value) {
        maxOutstanding = value;
        return this;
    }

    /** Executions that one device is given at most. */
    public int maxOutstanding() {
        return maxOutstanding;
    }

    /** Time kept between the expected arrival of a result and the deadline. */
    public RequestPathContext marginNs(final long value) {
        marginNs = value;
        return this;
    }

    /** Time kept between the expected arrival of a result and the deadline. */
    public long marginNs() {
        return marginNs;
    }

    /** Rate at which large inputs are expected to travel to a worker, in bytes a microsecond. */
    public RequestPathContext bulkBytesPerUs(final long value) {
        bulkBytesPerUs = value;
        return this;
    }

    /** Rate at which large inputs are expected to travel to a worker, in bytes a microsecond. */
    public long bulkBytesPerUs() {
        return bulkBytesPerUs;
    }

    /** Silence about an action, past its latest end, after which the worker is given up about it. */
    public RequestPathContext actionSilenceNs(final long value) {
        actionSilenceNs = value;
        return this;
    }

    /** Silence about an action, past its latest end, after which the worker is given up about it. */
    public long actionSilenceNs() {
        return actionSilenceNs;
    }

    /** Executions of each batch size that count when an artifact is measured, after one that does not. */
    public RequestPathContext profileRepetitions(final int value) {
        profileRepetitions = value;
        return this;
    }

    /** Executions of each batch size that count when an artifact is measured, after one that does not. */
    public int profileRepetitions() {
        return profileRepetitions;
    }

    /** How long a measurement waits for an idle device before it goes ahead of other work. */
    public RequestPathContext profilePatienceNs(final long value) {
        profilePatienceNs = value;
        return this;
    }

    /** How long a measurement waits for an idle device before it goes ahead of other work. */
    public long profilePatienceNs() {
        return profilePatienceNs;
    }

    /** How long a request without deadline waits for its input's bytes. */
    public RequestPathContext inputTimeoutNs(final long value) {
        inputTimeoutNs = value;
        return this;
    }

    /** How long a request without deadline waits for its input's bytes. */
    public long inputTimeoutNs() {
        return inputTimeoutNs;
    }

    /** Parts of inputs that are kept before their requests have come, over all clients. */
    public RequestPathContext maxEarlyParts(final int value) {
        maxEarlyParts = value;
        return this;
    }

    /** Parts of inputs that are kept before their requests have come, over all clients. */
    public int maxEarlyParts() {
        return maxEarlyParts;
    }

    /** How long they are kept. */
    public RequestPathContext earlyTimeoutNs(final long value) {
        earlyTimeoutNs = value;
        return this;
    }

    /** How long they are kept. */
    public long earlyTimeoutNs() {
        return earlyTimeoutNs;
    }

    /** How long a request waits for the rest of its output after its result. */
    public RequestPathContext outputTimeoutNs(final long value) {
        outputTimeoutNs = value;
        return this;
    }

    /** How long a request waits for the rest of its output after its result. */
    public long outputTimeoutNs() {
        return outputTimeoutNs;
    }

    /** Messages for each lane of a client that wait until it takes them; past it the session is given up. */
    public RequestPathContext maxWaitingMessages(final int value) {
        maxWaitingMessages = value;
        return this;
    }

    /** Messages for each lane of a client that wait until it takes them; past it the session is given up. */
    public int maxWaitingMessages() {
        return maxWaitingMessages;
    }

    /** Interval at which peers that could not take a message are offered it again when nothing else happens. */
    public RequestPathContext retryNs(final long value) {
        retryNs = value;
        return this;
    }

    /** Interval at which peers that could not take a message are offered it again when nothing else happens. */
    public long retryNs() {
        return retryNs;
    }

    /** Who sees requests and actions at their ends. */
    public RequestPathContext observer(final PathObserver value) {
        observer = value;
        return this;
    }

    /** Who sees requests and actions at their ends. */
    public PathObserver observer() {
        return observer;
    }
}
