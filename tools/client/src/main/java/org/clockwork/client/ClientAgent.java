package org.clockwork.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.agrona.concurrent.NanoClock;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.Status;

/**
 * Runs a core for callers on other threads: takes their calls from bounded queues, finds models by name, and completes
 * their futures. Calls that the core can't take yet wait in order, so that the queue fills and the callers see it.
 * Owned by the client's thread, but for {@link #offer}, {@link #execute} and {@link #takeBack}.
 */
final class ClientAgent implements Agent {
    private static final int CALLS_PER_CYCLE = 64;

    private final ClientCore core;
    private final NanoClock clock;
    private final int capacity;
    private final long defaultTimeoutNs;
    private final ManyToOneConcurrentArrayQueue<PendingAnswer> calls;
    private final ManyToOneConcurrentArrayQueue<Runnable> commands;
    /** Calls whose model has been looked up; they go before the queue. */
    private final ArrayDeque<PendingAnswer> found = new ArrayDeque<>();
    /** Calls that wait for a model to be looked up, by its name. */
    private final Map<String, List<PendingAnswer>> lookups = new HashMap<>();
    private final RequestSpec spec = new RequestSpec();
    private int lookingUp;
    private PendingAnswer held;
    private volatile boolean isClosed;

    /** Makes the core, which concludes the context. */
    ClientAgent(final ClockworkClient.Context context) {
        core = new ClientCore(context, this::onResponse);
        clock = context.clock();
        capacity = context.queueCapacity();
        defaultTimeoutNs = context.requestTimeoutNs();
        calls = new ManyToOneConcurrentArrayQueue<>(capacity);
        commands = new ManyToOneConcurrentArrayQueue<>(capacity);
    }

    ClientCore core() {
        return core;
    }

    /** Any thread: hands a call over; its future fails at once if the queue is full or the client closed. */
    PendingAnswer offer(final InferCall call) {
        final PendingAnswer answer = new PendingAnswer(this, call, clock.nanoTime());
        if (!isClosed && !calls.offer(answer)) {
            answer.completeExceptionally(queueFull());
        }
        if (isClosed) {
            answer.completeExceptionally(closed());
        }
        return answer;
    }

    /** Any thread: runs something on the client's thread; the future fails at once if that is not possible. */
    <T> CompletableFuture<T> execute(final CompletableFuture<T> future, final Runnable command) {
        final Runnable guarded = () -> {
            if (isClosed) {
                future.completeExceptionally(closed());
            } else {
                command.run();
            }
        };
        if (!isClosed && !commands.offer(guarded)) {
            future.completeExceptionally(queueFull());
        }
        if (isClosed) {
            future.completeExceptionally(closed());
        }
        return future;
    }

    /** Any thread: the caller no longer wants an answer. If the queue is full the controller is not told. */
    void takeBack(final PendingAnswer answer) {
        commands.offer(() -> {
            if (answer.requestId > 0) {
                core.cancel(answer.requestId, clock.nanoTime());
            }
        });
    }

    @Override
    public int doWork() {
        final long nowNs = clock.nanoTime();
        int work = core.poll(nowNs);
        for (int i = 0; i < CALLS_PER_CYCLE; i++) {
            final Runnable command = commands.poll();
            if (command == null) {
                break;
            }
            command.run();
            work++;
        }
        for (int i = 0; i < CALLS_PER_CYCLE; i++) {
            if (held == null) {
                held = found.isEmpty() ? calls.poll() : found.poll();
            }
            if (held == null || !isHandled(held, nowNs)) {
                break;
            }
            held = null;
            work++;
        }
        return work;
    }

    /** Sends a call or ends it; false: it must wait. */
    private boolean isHandled(final PendingAnswer answer, final long nowNs) {
        if (answer.isDone()) {
            return true;
        }
        if (leftNs(answer, nowNs) <= 0) {
            end(answer, Status.CLIENT_TIMED_OUT, "it could not be sent within the client's time-out", nowNs);
            return true;
        }
        final InferCall call = answer.call;
        final ModelInfo model = core.model(call.model);
        if (model == null) {
            return isLookedUp(answer, nowNs);
        }
        spec.reset().model(model).inputType(call.inputType).sloNs(call.sloNs).priority(call.priority)
            .intendedSendNs(earlier(answer.calledNs, nowNs)).timeoutNs(leftNs(answer, nowNs)).omitOutput(call.isOutputOmitted)
            .attachment(answer);
        if (call.isGenerated) {
            spec.generatedInput(call.seed);
        } else {
            spec.input(call.input, 0, call.inputLength);
        }
        final long id = core.infer(spec, nowNs);
        if (id > 0) {
            answer.requestId = id;
        } else if (id == ClientCore.NOT_CONNECTED) {
            answer.completeExceptionally(notConnected());
        } else if (id == ClientCore.TOO_MANY_BYTES && call.inputLength > core.grantedBytes()) {
            end(answer, Status.TOO_MANY_BYTES, "input of " + call.inputLength + " bytes, granted " + core.grantedBytes(), nowNs);
        }
        return id > 0 || answer.isDone();
    }

    /** A call may come after this cycle has read the clock. */
    private static long earlier(final long calledNs, final long nowNs) {
        return calledNs - nowNs > 0 ? nowNs : calledNs;
    }

    private boolean isLookedUp(final PendingAnswer answer, final long nowNs) {
        if (!core.isConnected()) {
            answer.completeExceptionally(notConnected());
            return true;
        }
        final String name = answer.call.model;
        List<PendingAnswer> waiting = lookups.get(name);
        if (waiting == null) {
            final long id = core.listModels(name, (status, detail, models) -> onLookedUp(name, status, detail), nowNs);
            if (id == ClientCore.TOO_MANY_EXCHANGES) {
                return false;
            }
            if (id < 0) {
                end(answer, Status.UNKNOWN_MODEL, "'" + name + "' is no name of a model", nowNs);
                return true;
            }
            waiting = new ArrayList<>();
            lookups.put(name, waiting);
        }
        if (lookingUp >= capacity) {
            return false;
        }
        waiting.add(answer);
        lookingUp++;
        return true;
    }

    private void onLookedUp(final String name, final Status status, final String detail) {
        final List<PendingAnswer> waiting = lookups.remove(name);
        lookingUp -= waiting.size();
        final boolean isKnown = core.model(name) != null;
        for (final PendingAnswer answer : waiting) {
            if (isKnown) {
                found.add(answer);
            } else if (status == Status.OK) {
                end(answer, Status.UNKNOWN_MODEL, "no model '" + name + "' is registered", clock.nanoTime());
            } else {
                answer.completeExceptionally(new ClientException(status, "looking up model '" + name + "': " + detail));
            }
        }
    }

    private long leftNs(final PendingAnswer answer, final long nowNs) {
        final long timeoutNs = answer.call.timeoutNs == Protocol.NULL_NS ? defaultTimeoutNs : answer.call.timeoutNs;
        return timeoutNs - (nowNs - answer.calledNs);
    }

    private static void end(final PendingAnswer answer, final Status status, final String detail, final long nowNs) {
        answer.complete(Answer.unsent(status, detail, answer.call.sloNs, nowNs - answer.calledNs));
    }

    private void onResponse(final InferResult result) {
        if (result.status() == Status.UNKNOWN_MODEL || result.status() == Status.MODEL_GONE) {
            core.forgetModel(result.modelId());
        }
        final PendingAnswer answer = (PendingAnswer) result.attachment();
        answer.complete(Answer.of(result, detail(result, answer.call)));
    }

    private String detail(final InferResult result, final InferCall call) {
        final boolean isWrongInput = result.status() == Status.WRONG_INPUT_SIZE || result.status() == Status.WRONG_INPUT_TYPE;
        final ModelInfo model = isWrongInput ? core.model(call.model) : null;
        return model == null ? result.detail() : result.detail() + " It has " + call.inputLength + " bytes of "
            + call.inputType + ". " + model.neededInput();
    }

    ClientException notConnected() {
        final Status status = core.lastStatus() == Status.OK ? Status.PEER_SILENT : core.lastStatus();
        return new ClientException(status, "not connected to " + core.endpoint() + ": " + core.lastReason());
    }

    private ClientException queueFull() {
        return new ClientException(Status.TOO_MANY_IN_FLIGHT, "the client's queue is full: " +
            Configuration.QUEUE_CAPACITY_PROP_NAME + "=" + capacity);
    }

    private static ClientException closed() {
        return new ClientException(Status.CANCELLED, "the client was closed");
    }

    /** Ends everything: what was sent as CANCELLED, what was not by an exception. */
    @Override
    public void onClose() {
        isClosed = true;
        core.close();
        if (held != null) {
            held.completeExceptionally(closed());
        }
        found.forEach(answer -> answer.completeExceptionally(closed()));
        calls.drain(answer -> answer.completeExceptionally(closed()));
        commands.drain(Runnable::run);
    }

    @Override
    public String roleName() {
        return core.roleName();
    }
}
