package org.clockwork.worker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.NanoClock;
import org.clockwork.device.Backend;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.link.Dialer;
import org.clockwork.worker.session.Endpoints;
import org.clockwork.worker.session.SessionConfig;
import org.clockwork.worker.store.ModelStore;

/**
 * A worker, built and ready to be run: give its {@link #agent()} to an AgentRunner or AgentInvoker, and close that. The
 * launcher owns it.
 */
public final class Worker {
    private final WorkerAgent agent;

    private Worker(final Context context) {
        agent = new WorkerAgent(context);
    }

    /**
     * Builds a worker.
     *
     * @throws UncheckedIOException when the store directory can't be used.
     */
    public static Worker launch(final Context context) {
        if (!context.isConcluded) {
            context.conclude();
        }
        return new Worker(context);
    }

    /** Its one agent. Closing the agent's runner leaves the controller, closes the devices and frees the models. */
    public WorkerAgent agent() {
        return agent;
    }

    /** Asks it to finish what it has and take nothing new; any thread may call this, for example on SIGTERM. */
    public void drain() {
        agent.drain();
    }

    /** Whether it may be closed after {@link #drain()}; any thread may ask. */
    public boolean isDrained() {
        return agent.isDrained();
    }

    /** Options of a {@link Worker}, checked once by {@link #conclude()}. Owned by the launcher. */
    public static final class Context {
        /** System property: name of the worker, unique among live ones. */
        public static final String NAME_PROP_NAME = "clockwork.worker.name";
        /** Default of {@link #NAME_PROP_NAME}. */
        public static final String NAME_DEFAULT = "worker";
        /** System property: endpoints of the controllers, as {@code host:port}, separated by commas. */
        public static final String CONTROLLERS_PROP_NAME = "clockwork.worker.controllers";
        /** Default of {@link #CONTROLLERS_PROP_NAME}. */
        public static final String CONTROLLERS_DEFAULT = "localhost:14219";
        /** System property: directory for model files; without one only profiles can be installed. */
        public static final String STORE_DIR_PROP_NAME = "clockwork.worker.store.dir";

        private static final long STOP_LIMIT_MS = 10_000;

        private boolean isConcluded;
        private String name = System.getProperty(NAME_PROP_NAME, NAME_DEFAULT);
        private List<String> controllers =
            List.of(System.getProperty(CONTROLLERS_PROP_NAME, CONTROLLERS_DEFAULT).split(","));
        private Path storeDirectory = directory(System.getProperty(STORE_DIR_PROP_NAME));
        private String build = "unknown";
        private byte[] credentials = {};
        private long incarnation;
        private Dialer dialer;
        private Backend backend;
        private boolean ownsBackend = true;
        private NanoClock nanoClock;
        private ErrorHandler errorHandler;
        private WorkerCounters counters;
        private Executor installExecutor;
        private ExecutorService ownExecutor;
        private WorkerLimits limits = new WorkerLimits();
        private ModelStore store;

        /**
         * Checks all options, fills in what is missing and makes the store directory ready; a second call is refused.
         *
         * @throws UncheckedIOException when the store directory can't be used.
         */
        public Context conclude() {
            if (isConcluded) {
                throw new IllegalStateException("the context is concluded");
            }
            Objects.requireNonNull(dialer, "dialer");
            Objects.requireNonNull(backend, "backend");
            Objects.requireNonNull(nanoClock, "nanoClock");
            Objects.requireNonNull(errorHandler, "errorHandler");
            Objects.requireNonNull(credentials, "credentials");
            limits.check();
            check(incarnation != 0, "incarnation=0, expected a random number");
            check(!name.isEmpty() && name.length() <= Protocol.MAX_NAME_LENGTH,
                "name='" + name + "', expected 1 to " + Protocol.MAX_NAME_LENGTH + " characters");
            check(!controllers.isEmpty(), "controllers is empty");
            for (final String endpoint : controllers) {
                check(Endpoints.isEndpoint(endpoint), "controllers has '" + endpoint + "', expected host:port");
            }
            check(!backend.devices().isEmpty(), "backend=" + backend.name() + " has no devices");
            if (counters == null) {
                counters = new WorkerCounters.InMemory();
            }
            if (installExecutor == null) {
                ownExecutor = newExecutor(name);
                installExecutor = ownExecutor;
            }
            store = new ModelStore(storeDirectory, name, limits.storeLimitBytes());
            try {
                store.open();
            } catch (final IOException e) {
                throw new UncheckedIOException("the store directory can't be used: " + storeDirectory, e);
            }
            isConcluded = true;
            return this;
        }

        /** Name of the worker, unique among live ones. */
        public Context name(final String text) {
            name = text;
            return this;
        }

        /** Name of the worker. */
        public String name() {
            return name;
        }

        /** Endpoints of the controllers, as {@code host:port}; tried in turn. */
        public Context controllers(final List<String> endpoints) {
            controllers = List.copyOf(endpoints);
            return this;
        }

        /** Endpoints of the controllers. */
        public List<String> controllers() {
            return controllers;
        }

        /** Directory for model files; null: only profiles can be installed. Workers of one host may share it. */
        public Context storeDirectory(final Path directory) {
            storeDirectory = directory;
            return this;
        }

        /** Directory for model files, or null. */
        public Path storeDirectory() {
            return storeDirectory;
        }

        /** Version of the software, for people. */
        public Context build(final String version) {
            build = version;
            return this;
        }

        /** Opaque bytes for the controller's authenticator. */
        public Context credentials(final byte[] bytes) {
            credentials = bytes.clone();
            return this;
        }

        /** Random id of this process, not 0; required. */
        public Context incarnation(final long id) {
            incarnation = id;
            return this;
        }

        /** Random id of this process. */
        public long incarnation() {
            return incarnation;
        }

        /** How to reach a controller; required, and closed by the worker. */
        public Context dialer(final Dialer linkDialer) {
            dialer = linkDialer;
            return this;
        }

        /** How to reach a controller. */
        public Dialer dialer() {
            return dialer;
        }

        /** The devices; required. */
        public Context backend(final Backend deviceBackend) {
            backend = deviceBackend;
            return this;
        }

        /** The devices. */
        public Backend backend() {
            return backend;
        }

        /** Whether the worker closes the backend in the end; it does by default. Its devices it closes in any case. */
        public Context ownsBackend(final boolean isOwner) {
            ownsBackend = isOwner;
            return this;
        }

        /** Whether the worker closes the backend. */
        public boolean ownsBackend() {
            return ownsBackend;
        }

        /** The worker's clock, in which windows and stamps are; monotonic; required. Devices stamp by the same. */
        public Context nanoClock(final NanoClock clock) {
            nanoClock = clock;
            return this;
        }

        /** The worker's clock. */
        public NanoClock nanoClock() {
            return nanoClock;
        }

        /** Told of refusals by controllers and of faults that the agent survived; required. */
        public Context errorHandler(final ErrorHandler handler) {
            errorHandler = handler;
            return this;
        }

        /** Told of faults. */
        public ErrorHandler errorHandler() {
            return errorHandler;
        }

        /** Where counts go; plain memory by default. */
        public Context counters(final WorkerCounters workerCounters) {
            counters = workerCounters;
            return this;
        }

        /** Where counts go. */
        public WorkerCounters counters() {
            return counters;
        }

        /**
         * Runs disk work and compiling, one after the other in the order given; by default a low-priority thread of the
         * worker's own. Simulations and tests pass {@code Runnable::run}.
         */
        public Context installExecutor(final Executor executor) {
            installExecutor = executor;
            return this;
        }

        /** Runs disk work and compiling. */
        public Executor installExecutor() {
            return installExecutor;
        }

        /** Bounds and times. */
        public Context limits(final WorkerLimits workerLimits) {
            limits = workerLimits;
            return this;
        }

        /** Bounds and times. */
        public WorkerLimits limits() {
            return limits;
        }

        ModelStore store() {
            return store;
        }

        SessionConfig session() {
            return new SessionConfig(
                incarnation, name, build, credentials, controllers,
                limits.dialTimeoutNs(), limits.dialRetryNs(), limits.minPauseNs(), limits.maxPauseNs());
        }

        /** Ends the worker's own installing thread; false if it is still busy after a limit. */
        boolean stopInstalling() {
            if (ownExecutor == null) {
                return true;
            }
            ownExecutor.shutdown();
            try {
                return ownExecutor.awaitTermination(STOP_LIMIT_MS, TimeUnit.MILLISECONDS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }

        private static ExecutorService newExecutor(final String name) {
            return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), runnable -> {
                final Thread thread = new Thread(runnable, "worker-" + name + "-install");
                thread.setDaemon(true);
                thread.setPriority(Thread.MIN_PRIORITY);
                return thread;
            });
        }

        private static Path directory(final String text) {
            return text == null || text.isEmpty() ? null : Path.of(text);
        }

        private static void check(final boolean holds, final String sentence) {
            if (!holds) {
                throw new IllegalArgumentException("worker: " + sentence);
            }
        }
    }
}
