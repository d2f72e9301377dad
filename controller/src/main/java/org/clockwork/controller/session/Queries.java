package org.clockwork.controller.session;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.controller.cluster.Cluster;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.model.Catalogue;
import org.clockwork.controller.model.Model;
import org.clockwork.schema.codec.ListModelsDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.StatusQueryDecoder;

/**
 * Answers what clients ask, and tells them what they are to be told, in pieces: a limited number of messages a session
 * and cycle, as their lanes take them. Lists are in the order of the tables. Owned by the controller agent.
 */
public final class Queries {
    /** Messages of one session in one round. */
    private static final int ROUND = 32;
    /** Time between rounds while there is more to send. */
    private static final long ROUND_NS = 20_000L;

    private final Sessions sessions;
    private final Catalogue catalogue;
    private final Cluster cluster;
    private final EntryMessages entries;
    private final StatusMessages statuses;
    private final Watches watches;
    private final List<ClientSession> active = new ArrayList<>();
    private long nextRoundNs;
    private boolean isRoundDue;

    /** Nothing is asked yet. */
    public Queries(
        final Sessions sessions, final Catalogue catalogue, final Cluster cluster, final StatusMessages statuses) {
        this.sessions = sessions;
        this.catalogue = catalogue;
        this.cluster = cluster;
        this.statuses = statuses;
        entries = new EntryMessages();
        watches = new Watches(this);
    }

    /** Who is to be told of which model. */
    public Watches watches() {
        return watches;
    }

    /** A client asks for models. */
    public void onListModels(final ClientSession session, final ListModelsDecoder message) {
        start(session, Query.Kind.MODELS, message.correlationId(), message.prefix());
    }

    /** A client asks how the controller is. */
    public void onStatusQuery(final ClientSession session, final StatusQueryDecoder message) {
        start(session, Query.Kind.STATUS, message.correlationId(), "");
    }

    /** Something waits in the session's outbox. */
    public void activate(final ClientSession session) {
        if (!session.isActive && !session.isClosed) {
            isRoundDue |= active.isEmpty();
            session.isActive = true;
            active.add(session);
        }
    }

    /**
     * Sends what is due, as far as the lanes take it.
     *
     * @return messages sent.
     */
    public int poll(final long nowNs) {
        if (active.isEmpty() || !isRoundDue && nowNs - nextRoundNs < 0) {
            return 0;
        }
        isRoundDue = false;
        int sent = 0;
        int kept = 0;
        for (int i = 0; i < active.size(); i++) {
            final ClientSession session = active.get(i);
            sent += session.isClosed ? 0 : send(session, nowNs);
            if (!session.isClosed && hasMore(session)) {
                active.set(kept++, session);
            } else {
                session.isActive = false;
                session.entriesDue.clear();
            }
        }
        for (int i = active.size() - 1; i >= kept; i--) {
            active.remove(i);
        }
        nextRoundNs = nowNs + ROUND_NS;
        return sent;
    }

    /** When {@link #poll} has something to send though nothing happened; Long.MAX_VALUE for never. */
    public long nextWakeNs() {
        return active.isEmpty() ? Long.MAX_VALUE : nextRoundNs;
    }

    private void start(final ClientSession session, final Query.Kind kind, final long correlationId, final String prefix) {
        if (session.query.kind != Query.Kind.NONE) {
            sessions.sent(session, sessions.messages().queryEnd(session, correlationId, Status.QUERY_BUSY, 0));
        } else {
            session.query.start(kind, correlationId, prefix);
        }
        activate(session);
    }

    private static boolean hasMore(final ClientSession session) {
        return !session.outbox.isEmpty() || !session.entriesDue.isEmpty() || session.query.kind != Query.Kind.NONE;
    }

    private int send(final ClientSession session, final long nowNs) {
        int sent = session.outbox.flush();
        int room = ROUND;
        while (room > 0 && session.outbox.isEmpty() && !session.entriesDue.isEmpty()) {
            final ModelWatch watch = session.entriesDue.peekFirst();
            if (!entries.send(session, watch.correlationId, watch.model)) {
                return sent;
            }
            session.entriesDue.removeFirst();
            Watches.told(watch);
            room--;
            sent++;
        }
        while (room > 0 && session.outbox.isEmpty() && session.query.kind != Query.Kind.NONE) {
            if (!sendNext(session, session.query, nowNs)) {
                return sent;
            }
            room--;
            sent++;
        }
        return sent;
    }

    /** Sends the next message of a query; false if the lane does not take it. */
    private boolean sendNext(final ClientSession session, final Query query, final long nowNs) {
        return query.kind == Query.Kind.MODELS ? sendModel(session, query) : sendStatus(session, query, nowNs);
    }

    private boolean sendModel(final ClientSession session, final Query query) {
        while (query.cursor < catalogue.maxModels()) {
            final Model model = catalogue.model(query.cursor);
            if (model != null && model.name.startsWith(query.prefix)) {
                if (!entries.send(session, query.correlationId, model)) {
                    return false;
                }
                query.entries++;
                query.cursor++;
                return true;
            }
            query.cursor++;
        }
        return end(session, query);
    }

    private boolean sendStatus(final ClientSession session, final Query query, final long nowNs) {
        if (query.cursor < 0) {
            if (!statuses.report(session, query.correlationId, sessions.count(), nowNs)) {
                return false;
            }
            query.cursor++;
            return true;
        }
        while (query.cursor < cluster.capacity()) {
            final WorkerState worker = cluster.worker(query.cursor);
            if (worker != null && query.deviceCursor < worker.devices.size()) {
                final boolean isSent = query.deviceCursor < 0
                    ? statuses.worker(session, query.correlationId, worker, nowNs)
                    : statuses.device(session, query.correlationId, worker.devices.get(query.deviceCursor), nowNs);
                query.deviceCursor += isSent ? 1 : 0;
                query.entries += isSent ? 1 : 0;
                return isSent;
            }
            query.cursor++;
            query.deviceCursor = -1;
        }
        return end(session, query);
    }

    private boolean end(final ClientSession session, final Query query) {
        query.kind = Query.Kind.NONE;
        sessions.sent(session, sessions.messages().queryEnd(session, query.correlationId, Status.OK, query.entries));
        return true;
    }
}
