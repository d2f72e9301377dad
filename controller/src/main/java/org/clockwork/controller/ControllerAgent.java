package org.clockwork.controller;

import java.io.IOException;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.NanoClock;
import org.clockwork.controller.cluster.Cluster;
import org.clockwork.controller.model.Catalogue;
import org.clockwork.controller.model.CatalogueStore;
import org.clockwork.controller.model.Deployer;
import org.clockwork.controller.model.Registrar;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.controller.session.Queries;
import org.clockwork.controller.session.Sessions;
import org.clockwork.controller.session.StatusMessages;
import org.clockwork.controller.storage.Storage;
import org.clockwork.controller.wire.IdleLinks;
import org.clockwork.controller.wire.Times;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkObserver;
import org.clockwork.schema.link.Listener;

/**
 * The controller's duty cycle. Its state is a function of the sequence of times and messages that it was given, and of
 * nothing else. Results come first, for they free engines; what else has happened to members and models follows, so that
 * the schedule sees all of it in the same cycle.
 */
public final class ControllerAgent implements Agent {
    /** Time between the slow ticks of the way of requests. */
    private static final long SLOW_TICK_NS = 20_000_000L;
    /** A peer must be a member within this many time-outs. */
    private static final int IDLE_TIMEOUTS = 10;
    /** Time between looks for what the storage thread has finished. */
    private static final long STORAGE_POLL_NS = 100_000L;
    /** Rounds of storage work in one cycle; with inline storage one round leads to the next. */
    private static final int STORAGE_ROUNDS = 64;

    private final NanoClock clock;
    private final Listener clients;
    private final Listener workers;
    private final ErrorHandler errorHandler;
    private final ControllerCounters counters;
    private final int controlLimit;
    private final int bulkLimit;

    private final CatalogueStore store;
    private final Catalogue catalogue;
    private final Storage storage;
    private final RequestPath path;
    private final Deployer deployer;
    private final Cluster cluster;
    private final Sessions sessions;
    private final Queries queries;
    private final Registrar registrar;
    private final ClientAdapter clientAdapter;
    private final WorkerAdapter workerAdapter;
    private final Links clientLinks;
    private final Links workerLinks;

    private long nowNs;
    private long nextSlowTickNs;
    private boolean isClosed;

    ControllerAgent(final Controller.Context context, final CatalogueStore store, final Storage storage) {
        this.store = store;
        this.storage = storage;
        clock = context.clock();
        clients = context.clientListener();
        workers = context.workerListener();
        errorHandler = context.errorHandler();
        counters = context.counters();
        controlLimit = context.controlLimit();
        bulkLimit = context.bulkLimit();
        catalogue = store.catalogue();
        nowNs = clock.nanoTime();
        nextSlowTickNs = nowNs;
        final long epoch = catalogue.epoch();
        path = new RequestPath(context.requestPath()
            .epoch(epoch)
            .inlineBytes(context.inlineBytes())
            .catalogue(catalogue)
            .sessionCloser(this::closeSession));
        deployer = new Deployer(store, context.maxWorkers(), storage, path, counters);
        cluster = new Cluster(context.clusterOptions(epoch), context.workerAuthenticator(), context.redirect(),
            catalogue, path, deployer, counters);
        sessions = new Sessions(context.sessionOptions(epoch), context.clientAuthenticator(), context.redirect(),
            this::onSessionClosed, counters);
        queries = new Queries(sessions, catalogue, cluster,
            new StatusMessages(path, catalogue, counters, context.build(), nowNs));
        final long idleNs = IDLE_TIMEOUTS * context.timeoutNs();
        clientLinks = new Links(true, new IdleLinks(link -> sessions.byLink(link) != null, idleNs));
        workerLinks = new Links(false, new IdleLinks(link -> cluster.byLink(link) != null, idleNs));
        registrar = new Registrar(store, storage, deployer, path, sessions, queries, counters, nowNs);
        clientAdapter = new ClientAdapter(sessions, queries, registrar, path, counters, errorHandler);
        workerAdapter = new WorkerAdapter(cluster, deployer, path, counters, errorHandler);
    }

    @Override
    public int doWork() {
        nowNs = clock.nanoTime();
        int work = 0;
        work += pollWorkers();
        work += pollClients();
        work += pollLinks();
        work += pollMembers();
        work += pollStorage();
        work += path.schedule(nowNs);
        work += path.flush(nowNs);
        work += sessions.closePending(nowNs);
        work += queries.poll(nowNs);
        return work;
    }

    /**
     * Earliest time at which there is something to do if no message comes; it may have passed, and Long.MAX_VALUE means
     * never. Running the agent at other times as well changes nothing.
     */
    public long nextWakeNs() {
        long wakeNs = path.nextWakeNs();
        wakeNs = Times.earlierWake(wakeNs, nextSlowTickNs);
        wakeNs = Times.earlierWake(wakeNs, clientLinks.idle.nextWakeNs());
        wakeNs = Times.earlierWake(wakeNs, workerLinks.idle.nextWakeNs());
        wakeNs = Times.earlierWake(wakeNs, cluster.nextWakeNs());
        wakeNs = Times.earlierWake(wakeNs, sessions.nextWakeNs());
        wakeNs = Times.earlierWake(wakeNs, deployer.nextWakeNs());
        wakeNs = Times.earlierWake(wakeNs, registrar.nextWakeNs());
        wakeNs = Times.earlierWake(wakeNs, queries.nextWakeNs());
        return storage.outstanding() == 0 ? wakeNs : Times.earlierWake(wakeNs, nowNs + STORAGE_POLL_NS);
    }

    /** Of this controller. */
    public long epoch() {
        return catalogue.epoch();
    }

    /** What was counted beside the way of requests. */
    public ControllerCounters counters() {
        return counters;
    }

    /** The way of requests, for its figures. */
    public RequestPath requestPath() {
        return path;
    }

    /** The open session of this id, or null. */
    public ClientSession session(final long sessionId) {
        return sessions.byId(sessionId);
    }

    /** From now on new requests are refused; what is in flight goes on. On the agent's thread. */
    public void drain() {
        path.drain();
    }

    @Override
    public String roleName() {
        return "controller";
    }

    /** Ends the work: what was measured is written down, and the directory given back. Repeating is harmless. */
    @Override
    public void onClose() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        storage.close();
        try {
            store.save();
        } catch (final IOException ex) {
            errorHandler.onError(ex);
        } finally {
            store.close();
        }
    }

    private int pollWorkers() {
        workerAdapter.nowNs(nowNs);
        return workers.poll(Link.CONTROL, workerAdapter, controlLimit) + workers.poll(Link.BULK, workerAdapter, bulkLimit);
    }

    private int pollClients() {
        clientAdapter.nowNs(nowNs);
        final int work = clients.poll(Link.CONTROL, clientAdapter, controlLimit);
        if (!registrar.hasRoomForChunks(bulkLimit)) {
            counters.increment(ControllerCounter.STORAGE_BACK_PRESSURE);
            return work;
        }
        return work + clients.poll(Link.BULK, clientAdapter, bulkLimit);
    }

    private int pollLinks() {
        return workers.poll(workerLinks) + clients.poll(clientLinks);
    }

    private int pollMembers() {
        int work = cluster.tick(nowNs) + sessions.tick(nowNs);
        final int ended = clientLinks.idle.poll(nowNs) + workerLinks.idle.poll(nowNs);
        if (ended > 0) {
            counters.add(ControllerCounter.IDLE_LINKS_ENDED, ended);
            work += ended;
        }
        if (nowNs - nextSlowTickNs >= 0) {
            nextSlowTickNs = nowNs + SLOW_TICK_NS;
            work += path.slowTick(nowNs);
        }
        return work;
    }

    private int pollStorage() {
        return registrar.poll(nowNs) + pollTasks() + deployer.poll(nowNs) + pollTasks();
    }

    private int pollTasks() {
        int work = 0;
        for (int round = 0; round < STORAGE_ROUNDS && storage.outstanding() > 0; round++) {
            final int told = storage.poll(nowNs);
            if (told == 0) {
                break;
            }
            work += told + registrar.poll(nowNs);
        }
        return work;
    }

    private void closeSession(final ClientSession session, final Status status, final String detail, final long atNs) {
        sessions.closeSession(session, status, detail, atNs);
    }

    private void onSessionClosed(final ClientSession session, final long atNs) {
        path.onSessionClosed(session, atNs);
        registrar.onSessionClosed(session);
    }

    /** The links of one listener: strangers are ended in time, and members lost with their links. */
    private final class Links implements LinkObserver {
        private final boolean isOfClients;
        private final IdleLinks idle;

        Links(final boolean isOfClients, final IdleLinks idle) {
            this.isOfClients = isOfClients;
            this.idle = idle;
        }

        @Override
        public void onLinkUp(final Link link) {
            idle.onLinkUp(link, nowNs);
        }

        @Override
        public void onLinkDown(final Link link) {
            if (isOfClients) {
                sessions.onLinkDown(link, nowNs);
            } else {
                cluster.onLinkDown(link, nowNs);
            }
        }
    }
}
