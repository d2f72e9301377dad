package org.clockwork.controller;

import java.nio.file.Path;
import java.util.function.Supplier;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.NanoClock;
import org.clockwork.controller.cluster.Cluster;
import org.clockwork.controller.model.Catalogue;
import org.clockwork.controller.model.CatalogueStore;
import org.clockwork.controller.session.Sessions;
import org.clockwork.controller.storage.DiskFiles;
import org.clockwork.controller.storage.FilePort;
import org.clockwork.controller.storage.InlineStorage;
import org.clockwork.controller.storage.Storage;
import org.clockwork.controller.storage.ThreadedStorage;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.link.Listener;

/**
 * A controller that is ready to run: its directory is taken, its catalogue read, its epoch begun. The launcher runs
 * {@link #agent()} on a thread of its choice, or invokes it; the agent's end gives everything back.
 */
public final class Controller implements AutoCloseable {
    private final ControllerAgent agent;

    private Controller(final Context context) {
        context.conclude();
        final CatalogueStore store =
            new CatalogueStore(context.filePort(), context.directory(), context.catalogueOptions());
        Storage storage = null;
        try {
            storage = context.isStorageInline()
                ? new InlineStorage(Context.STORAGE_TASKS) : new ThreadedStorage(Context.STORAGE_TASKS, context.errorHandler());
            agent = new ControllerAgent(context, store, storage);
        } catch (final RuntimeException ex) {
            if (storage != null) {
                storage.close();
            }
            store.close();
            throw ex;
        }
    }

    /**
     * Makes a controller; concludes the context.
     *
     * @throws org.clockwork.controller.model.CatalogueException if its directory can't be used; nothing was changed then.
     */
    public static Controller launch(final Context context) {
        return new Controller(context);
    }

    /** What does all the work. Closing it (as its runner does) closes this controller. */
    public ControllerAgent agent() {
        return agent;
    }

    /** Higher than that of any controller that used this directory before. */
    public long epoch() {
        return agent.epoch();
    }

    /** Ends the agent, if it has not ended; only when no thread runs it. */
    @Override
    public void close() {
        agent.onClose();
    }

    /** Options of a controller: fluent, with defaults from {@link Configuration}, checked once. */
    public static final class Context {
        static final int STORAGE_TASKS = 1024;
        private static final long CATALOGUE_RETRY_NS = 1_000_000_000L;

        private boolean isConcluded;
        private Path directory = Path.of(System.getProperty(Configuration.DIRECTORY_PROP_NAME, Configuration.DIRECTORY_DEFAULT));
        private Listener clientListener;
        private Listener workerListener;
        private NanoClock clock;
        private ErrorHandler errorHandler;
        private ControllerCounters counters;
        private Authenticator clientAuthenticator = Authenticator.ACCEPT_ALL;
        private Authenticator workerAuthenticator = Authenticator.ACCEPT_ALL;
        private Supplier<String> redirect = () -> null;
        private FilePort filePort = new DiskFiles();
        private boolean isStorageInline;
        private RequestPathContext requestPath = new RequestPathContext();
        private String build = "0.1.0";
        private int maxSessions = Configuration.count(Configuration.MAX_SESSIONS_PROP_NAME, Configuration.MAX_SESSIONS_DEFAULT);
        private int maxInFlight = Configuration.count(Configuration.MAX_IN_FLIGHT_PROP_NAME, Configuration.MAX_IN_FLIGHT_DEFAULT);
        private long maxBytes = Configuration.bytes(Configuration.MAX_BYTES_PROP_NAME, Configuration.MAX_BYTES_DEFAULT);
        private int maxWorkers = Configuration.count(Configuration.MAX_WORKERS_PROP_NAME, Configuration.MAX_WORKERS_DEFAULT);
        private int maxDevices = Configuration.count(Configuration.MAX_DEVICES_PROP_NAME, Configuration.MAX_DEVICES_DEFAULT);
        private int maxModels = Configuration.count(Configuration.MAX_MODELS_PROP_NAME, Configuration.MAX_MODELS_DEFAULT);
        private int maxArtifacts =
            Configuration.count(Configuration.MAX_ARTIFACTS_PROP_NAME, Configuration.MAX_ARTIFACTS_DEFAULT);
        private long maxFileBytes =
            Configuration.bytes(Configuration.MAX_FILE_BYTES_PROP_NAME, Configuration.MAX_FILE_BYTES_DEFAULT);
        private int maxTransfers =
            Configuration.count(Configuration.MAX_TRANSFERS_PROP_NAME, Configuration.MAX_TRANSFERS_DEFAULT);
        private long transferTimeoutNs =
            Configuration.durationNs(Configuration.TRANSFER_TIMEOUT_PROP_NAME, Configuration.TRANSFER_TIMEOUT_DEFAULT_NS);
        private long heartbeatNs =
            Configuration.durationNs(Configuration.HEARTBEAT_PROP_NAME, Configuration.HEARTBEAT_DEFAULT_NS);
        private long timeoutNs = Configuration.durationNs(Configuration.TIMEOUT_PROP_NAME, Configuration.TIMEOUT_DEFAULT_NS);
        private int inlineBytes =
            (int) Configuration.bytes(Configuration.INLINE_BYTES_PROP_NAME, Configuration.INLINE_BYTES_DEFAULT);
        private int defaultMaxBatch = Configuration.count(Configuration.MAX_BATCH_PROP_NAME, Configuration.MAX_BATCH_DEFAULT);
        private int profileWindow =
            Configuration.count(Configuration.PROFILE_WINDOW_PROP_NAME, Configuration.PROFILE_WINDOW_DEFAULT);
        private double profilePercentile =
            Configuration.number(Configuration.PROFILE_PERCENTILE_PROP_NAME, Configuration.PROFILE_PERCENTILE_DEFAULT);
        private long profileSaveNs =
            Configuration.durationNs(Configuration.PROFILE_SAVE_PROP_NAME, Configuration.PROFILE_SAVE_DEFAULT_NS);
        private int controlLimit =
            Configuration.count(Configuration.CONTROL_LIMIT_PROP_NAME, Configuration.CONTROL_LIMIT_DEFAULT);
        private int bulkLimit = Configuration.count(Configuration.BULK_LIMIT_PROP_NAME, Configuration.BULK_LIMIT_DEFAULT);

        /** Directory of the catalogue and the model files ({@link Configuration#DIRECTORY_PROP_NAME}). */
        public Context directory(final Path value) {
            directory = value;
            return this;
        }

        /** Directory of the catalogue and the model files ({@link Configuration#DIRECTORY_PROP_NAME}). */
        public Path directory() {
            return directory;
        }

        /** Where clients dial in; required. The launcher closes it after the agent. */
        public Context clientListener(final Listener value) {
            clientListener = value;
            return this;
        }

        /** Where clients dial in; required. The launcher closes it after the agent. */
        public Listener clientListener() {
            return clientListener;
        }

        /** Where workers dial in; required. The launcher closes it after the agent. */
        public Context workerListener(final Listener value) {
            workerListener = value;
            return this;
        }

        /** Where workers dial in; required. The launcher closes it after the agent. */
        public Listener workerListener() {
            return workerListener;
        }

        /** Read once a cycle; required. */
        public Context clock(final NanoClock value) {
            clock = value;
            return this;
        }

        /** Read once a cycle; required. */
        public NanoClock clock() {
            return clock;
        }

        /** Told of exceptions that are faults of this software or of its surroundings; required. */
        public Context errorHandler(final ErrorHandler value) {
            errorHandler = value;
            return this;
        }

        /** Told of exceptions that are faults of this software or of its surroundings; required. */
        public ErrorHandler errorHandler() {
            return errorHandler;
        }

        /** Where counts go; in memory if none is given. */
        public Context counters(final ControllerCounters value) {
            counters = value;
            return this;
        }

        /** Where counts go; in memory if none is given. */
        public ControllerCounters counters() {
            return counters;
        }

        /** Decides which clients may connect; all, if none is given. */
        public Context clientAuthenticator(final Authenticator value) {
            clientAuthenticator = value;
            return this;
        }

        /** Decides which clients may connect; all, if none is given. */
        public Authenticator clientAuthenticator() {
            return clientAuthenticator;
        }

        /** Decides which workers may join; all, if none is given. */
        public Context workerAuthenticator(final Authenticator value) {
            workerAuthenticator = value;
            return this;
        }

        /** Decides which workers may join; all, if none is given. */
        public Authenticator workerAuthenticator() {
            return workerAuthenticator;
        }

        /** Says to which endpoints peers are sent on, or null while this controller leads; null if none is given. */
        public Context redirect(final Supplier<String> value) {
            redirect = value;
            return this;
        }

        /** Says to which endpoints peers are sent on, or null while this controller leads; null if none is given. */
        public Supplier<String> redirect() {
            return redirect;
        }

        /** The file system; the real one if none is given. */
        public Context filePort(final FilePort value) {
            filePort = value;
            return this;
        }

        /** The file system; the real one if none is given. */
        public FilePort filePort() {
            return filePort;
        }

        /** Whether files are written on the agent, so that nothing depends on a thread: for simulations and tests. */
        public Context isStorageInline(final boolean value) {
            isStorageInline = value;
            return this;
        }

        /** Whether files are written on the agent, so that nothing depends on a thread: for simulations and tests. */
        public boolean isStorageInline() {
            return isStorageInline;
        }

        /** Options of scheduling and of the way of requests; catalogue, epoch and the like are filled in here. */
        public Context requestPath(final RequestPathContext value) {
            requestPath = value;
            return this;
        }

        /** Options of scheduling and of the way of requests; catalogue, epoch and the like are filled in here. */
        public RequestPathContext requestPath() {
            return requestPath;
        }

        /** Version of the software, for status reports. */
        public Context build(final String value) {
            build = value;
            return this;
        }

        /** Version of the software, for status reports. */
        public String build() {
            return build;
        }

        /** Sessions of clients at once ({@link Configuration#MAX_SESSIONS_PROP_NAME}). */
        public Context maxSessions(final int value) {
            maxSessions = value;
            return this;
        }

        /** Sessions of clients at once ({@link Configuration#MAX_SESSIONS_PROP_NAME}). */
        public int maxSessions() {
            return maxSessions;
        }

        /** Requests of one session in flight ({@link Configuration#MAX_IN_FLIGHT_PROP_NAME}). */
        public Context maxInFlight(final int value) {
            maxInFlight = value;
            return this;
        }

        /** Requests of one session in flight ({@link Configuration#MAX_IN_FLIGHT_PROP_NAME}). */
        public int maxInFlight() {
            return maxInFlight;
        }

        /** Input bytes of one session in flight ({@link Configuration#MAX_BYTES_PROP_NAME}). */
        public Context maxBytes(final long value) {
            maxBytes = value;
            return this;
        }

        /** Input bytes of one session in flight ({@link Configuration#MAX_BYTES_PROP_NAME}). */
        public long maxBytes() {
            return maxBytes;
        }

        /** Workers at once ({@link Configuration#MAX_WORKERS_PROP_NAME}). */
        public Context maxWorkers(final int value) {
            maxWorkers = value;
            return this;
        }

        /** Workers at once ({@link Configuration#MAX_WORKERS_PROP_NAME}). */
        public int maxWorkers() {
            return maxWorkers;
        }

        /** Devices at once ({@link Configuration#MAX_DEVICES_PROP_NAME}). */
        public Context maxDevices(final int value) {
            maxDevices = value;
            return this;
        }

        /** Devices at once ({@link Configuration#MAX_DEVICES_PROP_NAME}). */
        public int maxDevices() {
            return maxDevices;
        }

        /** Names registered at once ({@link Configuration#MAX_MODELS_PROP_NAME}). */
        public Context maxModels(final int value) {
            maxModels = value;
            return this;
        }

        /** Names registered at once ({@link Configuration#MAX_MODELS_PROP_NAME}). */
        public int maxModels() {
            return maxModels;
        }

        /** Files and profiles that they run ({@link Configuration#MAX_ARTIFACTS_PROP_NAME}). */
        public Context maxArtifacts(final int value) {
            maxArtifacts = value;
            return this;
        }

        /** Files and profiles that they run ({@link Configuration#MAX_ARTIFACTS_PROP_NAME}). */
        public int maxArtifacts() {
            return maxArtifacts;
        }

        /** Bytes of one model file ({@link Configuration#MAX_FILE_BYTES_PROP_NAME}). */
        public Context maxFileBytes(final long value) {
            maxFileBytes = value;
            return this;
        }

        /** Bytes of one model file ({@link Configuration#MAX_FILE_BYTES_PROP_NAME}). */
        public long maxFileBytes() {
            return maxFileBytes;
        }

        /** Files that clients send at once ({@link Configuration#MAX_TRANSFERS_PROP_NAME}). */
        public Context maxTransfers(final int value) {
            maxTransfers = value;
            return this;
        }

        /** Files that clients send at once ({@link Configuration#MAX_TRANSFERS_PROP_NAME}). */
        public int maxTransfers() {
            return maxTransfers;
        }

        /** Time without a chunk ({@link Configuration#TRANSFER_TIMEOUT_PROP_NAME}). */
        public Context transferTimeoutNs(final long value) {
            transferTimeoutNs = value;
            return this;
        }

        /** Time without a chunk ({@link Configuration#TRANSFER_TIMEOUT_PROP_NAME}). */
        public long transferTimeoutNs() {
            return transferTimeoutNs;
        }

        /** Between heartbeats and keep-alives ({@link Configuration#HEARTBEAT_PROP_NAME}). */
        public Context heartbeatNs(final long value) {
            heartbeatNs = value;
            return this;
        }

        /** Between heartbeats and keep-alives ({@link Configuration#HEARTBEAT_PROP_NAME}). */
        public long heartbeatNs() {
            return heartbeatNs;
        }

        /** Silence after which a peer is gone ({@link Configuration#TIMEOUT_PROP_NAME}). */
        public Context timeoutNs(final long value) {
            timeoutNs = value;
            return this;
        }

        /** Silence after which a peer is gone ({@link Configuration#TIMEOUT_PROP_NAME}). */
        public long timeoutNs() {
            return timeoutNs;
        }

        /** Tensors inside control messages ({@link Configuration#INLINE_BYTES_PROP_NAME}). */
        public Context inlineBytes(final int value) {
            inlineBytes = value;
            return this;
        }

        /** Tensors inside control messages ({@link Configuration#INLINE_BYTES_PROP_NAME}). */
        public int inlineBytes() {
            return inlineBytes;
        }

        /** Largest batch where none is stated ({@link Configuration#MAX_BATCH_PROP_NAME}). */
        public Context defaultMaxBatch(final int value) {
            defaultMaxBatch = value;
            return this;
        }

        /** Largest batch where none is stated ({@link Configuration#MAX_BATCH_PROP_NAME}). */
        public int defaultMaxBatch() {
            return defaultMaxBatch;
        }

        /** Measurements that count ({@link Configuration#PROFILE_WINDOW_PROP_NAME}). */
        public Context profileWindow(final int value) {
            profileWindow = value;
            return this;
        }

        /** Measurements that count ({@link Configuration#PROFILE_WINDOW_PROP_NAME}). */
        public int profileWindow() {
            return profileWindow;
        }

        /** Of them that is expected ({@link Configuration#PROFILE_PERCENTILE_PROP_NAME}). */
        public Context profilePercentile(final double value) {
            profilePercentile = value;
            return this;
        }

        /** Of them that is expected ({@link Configuration#PROFILE_PERCENTILE_PROP_NAME}). */
        public double profilePercentile() {
            return profilePercentile;
        }

        /** Between writes of what was measured ({@link Configuration#PROFILE_SAVE_PROP_NAME}). */
        public Context profileSaveNs(final long value) {
            profileSaveNs = value;
            return this;
        }

        /** Between writes of what was measured ({@link Configuration#PROFILE_SAVE_PROP_NAME}). */
        public long profileSaveNs() {
            return profileSaveNs;
        }

        /** Messages of a control lane in a cycle ({@link Configuration#CONTROL_LIMIT_PROP_NAME}). */
        public Context controlLimit(final int value) {
            controlLimit = value;
            return this;
        }

        /** Messages of a control lane in a cycle ({@link Configuration#CONTROL_LIMIT_PROP_NAME}). */
        public int controlLimit() {
            return controlLimit;
        }

        /** Messages of a bulk lane in a cycle ({@link Configuration#BULK_LIMIT_PROP_NAME}). */
        public Context bulkLimit(final int value) {
            bulkLimit = value;
            return this;
        }

        /** Messages of a bulk lane in a cycle ({@link Configuration#BULK_LIMIT_PROP_NAME}). */
        public int bulkLimit() {
            return bulkLimit;
        }

        /** Checks that all that is needed is there and fits together; once. */
        public Context conclude() {
            if (isConcluded) {
                throw new IllegalStateException("already concluded");
            }
            isConcluded = true;
            require(clientListener != null && workerListener != null && clock != null && errorHandler != null,
                "needed: clientListener=" + clientListener + " workerListener=" + workerListener + " clock=" + clock
                    + " errorHandler=" + errorHandler);
            require(directory != null && filePort != null && requestPath != null && redirect != null
                && clientAuthenticator != null && workerAuthenticator != null && build != null, "an option is null");
            atLeast(1, "maxSessions", maxSessions);
            atLeast(1, "maxInFlight", maxInFlight);
            atLeast(1, "maxBytes", maxBytes);
            atLeast(1, "maxWorkers", maxWorkers);
            atLeast(1, "maxDevices", maxDevices);
            atLeast(1, "maxModels", maxModels);
            atLeast(1, "maxArtifacts", maxArtifacts);
            atLeast(1, "maxFileBytes", maxFileBytes);
            atLeast(1, "maxTransfers", maxTransfers);
            atLeast(1, "transferTimeoutNs", transferTimeoutNs);
            atLeast(1, "profileWindow", profileWindow);
            atLeast(1, "profileSaveNs", profileSaveNs);
            atLeast(1, "controlLimit", controlLimit);
            atLeast(1, "bulkLimit", bulkLimit);
            atLeast(0, "inlineBytes", inlineBytes);
            require(inlineBytes <= Protocol.MAX_CHUNK_BYTES / 2,
                "inlineBytes=" + inlineBytes + " must be at most " + Protocol.MAX_CHUNK_BYTES / 2);
            require(defaultMaxBatch >= 1 && defaultMaxBatch <= Protocol.MAX_BATCH,
                "defaultMaxBatch=" + defaultMaxBatch + " must be 1 to " + Protocol.MAX_BATCH);
            require(profilePercentile > 0 && profilePercentile <= 100,
                "profilePercentile=" + profilePercentile + " must be above 0 and at most 100");
            require(heartbeatNs >= 1_000_000 && timeoutNs > 2 * heartbeatNs,
                "timeoutNs=" + timeoutNs + " must be more than twice heartbeatNs=" + heartbeatNs + ", which is at least 1 ms");
            require(maxDevices >= maxWorkers, "maxDevices=" + maxDevices + " must be at least maxWorkers=" + maxWorkers);
            require((long) maxTransfers * bulkLimit <= 64,
                "maxTransfers=" + maxTransfers + " times bulkLimit=" + bulkLimit + " must be at most 64");
            if (counters == null) {
                counters = new ControllerCounters.InMemory();
            }
            return this;
        }

        CatalogueStore.Options catalogueOptions() {
            return new CatalogueStore.Options(
                new Catalogue.Options(maxModels, maxArtifacts, profileWindow, profilePercentile),
                maxFileBytes, maxTransfers, transferTimeoutNs, defaultMaxBatch, profileSaveNs, CATALOGUE_RETRY_NS);
        }

        Cluster.Options clusterOptions(final long epoch) {
            return new Cluster.Options(epoch, maxWorkers, maxDevices, maxModels, heartbeatNs, timeoutNs, inlineBytes);
        }

        Sessions.Options sessionOptions(final long epoch) {
            return new Sessions.Options(epoch, maxSessions, maxInFlight, maxBytes, heartbeatNs, timeoutNs, inlineBytes);
        }

        private static void atLeast(final long least, final String name, final long value) {
            require(value >= least, name + '=' + value + " must be at least " + least);
        }

        private static void require(final boolean isRight, final String sentence) {
            if (!isRight) {
                throw new IllegalArgumentException(sentence);
            }
        }
    }
}
