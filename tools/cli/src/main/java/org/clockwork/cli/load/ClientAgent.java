package org.clockwork.cli.load;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.agrona.concurrent.NanoClock;
import org.clockwork.client.ClientCore;
import org.clockwork.client.ClockworkClient;
import org.clockwork.client.ControllerStatus;
import org.clockwork.client.InferResult;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.RegisterSpec;
import org.clockwork.client.RegistrationHandler;
import org.clockwork.client.RequestSpec;
import org.clockwork.cli.run.UserError;
import org.clockwork.loadgen.LoadDriver;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.loadgen.Recorder;
import org.clockwork.schema.codec.Status;

/**
 * A client core and the load that runs over it, on one thread: load at high rates needs no hand-over between threads.
 * Other threads ask it through a queue of commands. Made anywhere, run by its agent's thread.
 */
public final class ClientAgent implements Agent {
    private static final int MAX_COMMANDS = 64;

    private final NanoClock clock;
    private final ClientCore core;
    private final ManyToOneConcurrentArrayQueue<Runnable> commands = new ManyToOneConcurrentArrayQueue<>(MAX_COMMANDS);
    private CoreSink sink;
    private LoadDriver driver;
    private CompletableFuture<LoadDriver> ended;
    private volatile boolean isConnected;
    private volatile long inFlight;

    /** An agent over a new client core. */
    public ClientAgent(final ClockworkClient.Context context, final NanoClock clock) {
        this.clock = clock;
        core = new ClientCore(context, this::onResponse);
    }

    @Override
    public int doWork() {
        final long nowNs = clock.nanoTime();
        int work = commands.drain(Runnable::run, 1);
        if (null != sink) {
            sink.now(nowNs);
        }
        work += core.poll(nowNs);
        if (isConnected != core.isConnected()) {
            isConnected = core.isConnected();
        }
        if (null != driver) {
            work += driver.doWork(nowNs);
            inFlight = driver.inFlight();
            if (driver.isDone(nowNs)) {
                final CompletableFuture<LoadDriver> future = ended;
                final LoadDriver done = driver;
                driver = null;
                ended = null;
                future.complete(done);
            }
        }
        return work;
    }

    @Override
    public void onClose() {
        core.close();
        if (null != ended) {
            ended.completeExceptionally(new UserError("the client was closed"));
        }
    }

    @Override
    public String roleName() {
        return "load";
    }

    /** Whether there is a session with a controller. */
    public boolean isConnected() {
        return isConnected;
    }

    /** Requests of the load whose end is to come. */
    public long inFlight() {
        return inFlight;
    }

    /** Why there is no session, as a sentence; asked of the agent's thread. */
    public CompletableFuture<String> lastReason() {
        return ask(future -> future.complete(core.endpoint() + ": " + core.lastReason()));
    }

    /** All models whose name starts with the prefix. */
    public CompletableFuture<List<ModelInfo>> models(final String prefix) {
        return ask(future -> check(future, core.listModels(prefix, (status, detail, models) -> {
            end(future, status, detail, models);
        }, clock.nanoTime())));
    }

    /** The controller and its workers. */
    public CompletableFuture<ControllerStatus> status() {
        return ask(future -> check(future, core.queryStatus((status, detail, controller) -> {
            end(future, status, detail, controller);
        }, clock.nanoTime())));
    }

    /** Registers; the handler hears of the progress on the agent's thread, and its end is the future's. */
    public CompletableFuture<List<ModelInfo>> register(final RegisterSpec spec, final RegistrationHandler progress) {
        return ask(future -> check(future, core.register(spec, new RegistrationHandler() {
            @Override
            public void onEnd(final Status status, final String detail, final List<ModelInfo> models) {
                progress.onEnd(status, detail, models);
                end(future, status, detail, models);
            }

            @Override
            public void onProgress(final long sentBytes, final long totalBytes) {
                progress.onProgress(sentBytes, totalBytes);
            }

            @Override
            public void onModel(final ModelInfo model) {
                progress.onModel(model);
            }
        })));
    }

    /**
     * Runs a load; the future ends when each of its requests has ended.
     *
     * @param streams    to send.
     * @param plans      per stream, what its requests carry.
     * @param recorder   counts.
     * @param phases     counts answers' phases; null for none.
     * @param inFlightLimit most requests in flight.
     * @param warmupNs   sent and not recorded.
     * @param durationNs recorded.
     */
    public CompletableFuture<LoadDriver> run(
        final List<LoadStream> streams, final List<StreamPlan> plans, final Recorder recorder, final Phases phases,
        final int inFlightLimit, final long warmupNs, final long durationNs) {
        return ask(future -> {
            if (null != driver) {
                future.completeExceptionally(new UserError("a load is running"));
                return;
            }
            final long startNs = clock.nanoTime();
            sink = new CoreSink(core, plans, inFlightLimit, phases);
            sink.now(startNs);
            driver = new LoadDriver(streams, sink, recorder, inFlightLimit, startNs, warmupNs, durationNs);
            sink.driver(driver);
            ended = future;
        });
    }

    /** Stops sending; the load's future ends when what is in flight has ended. */
    public CompletableFuture<Boolean> stop() {
        return ask(future -> {
            if (null != driver) {
                driver.stop(clock.nanoTime());
            }
            future.complete(Boolean.TRUE);
        });
    }

    /** Unregisters {@code name}, or {@code name-0} to {@code name-(count-1)}; the future is the controller's sentence. */
    public CompletableFuture<String> unregister(final String name, final int count) {
        return ask(future -> check(future, core.unregister(name, count, (status, detail) -> {
            end(future, status, detail, detail);
        })));
    }

    /** Sends one request; {@code read} reads its end while it is valid, on the agent's thread. */
    public <T> CompletableFuture<T> infer(final RequestSpec spec, final Function<InferResult, T> read) {
        return ask(future -> {
            final Consumer<InferResult> reader = result -> future.complete(read.apply(result));
            check(future, core.infer(spec.attachment(reader), clock.nanoTime()));
        });
    }

    @SuppressWarnings("unchecked")
    private void onResponse(final InferResult result) {
        if (null != result.attachment()) {
            ((Consumer<InferResult>) result.attachment()).accept(result);
        } else if (null != sink) {
            sink.onResponse(result);
        }
    }

    private <T> CompletableFuture<T> ask(final Consumer<CompletableFuture<T>> command) {
        final CompletableFuture<T> future = new CompletableFuture<>();
        if (!commands.offer(() -> command.accept(future))) {
            future.completeExceptionally(new UserError("too many commands wait for the client"));
        }
        return future;
    }

    private static void check(final CompletableFuture<?> future, final long code) {
        if (code < 0) {
            future.completeExceptionally(new UserError(ClientCodes.sentence(code)));
        }
    }

    private static <T> void end(
        final CompletableFuture<T> future, final Status status, final String detail, final T value) {
        if (Status.OK == status) {
            future.complete(value);
        } else {
            future.completeExceptionally(new UserError(status + (detail.isEmpty() ? "" : ": " + detail)));
        }
    }

    /** Waits for an answer; failures come as {@link UserError}. */
    public static <T> T await(final CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (final CompletionException ex) {
            throw ex.getCause() instanceof UserError ? (UserError) ex.getCause() : new UserError(ex.getCause().getMessage(), ex);
        }
    }
}
