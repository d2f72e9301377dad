package org.clockwork.controller;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.schema.Ids;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.Status;

/** The path of requests between scripted workers and clients under a manual clock: events in the order of their time. */
final class PathRig {
    /** Durations of batches 1, 2, 4, 8, 16 of ResNet-50 on a V100, in nanoseconds. */
    static final long[] RESNET = {2_730_000, 4_050_000, 5_870_000, 9_930_000, 17_300_000};
    static final long TICK_NS = 10_000_000L;

    /** Something that happens at a time; ties in the order in which they were made. */
    private record Event(long timeNs, long order, Runnable action) {
    }

    long nowNs = 1_000_000_000L;
    final long hopNs;
    long loadNs = 8_320_000;
    long[] executeNs = RESNET;
    final RigCatalogue catalogue = new RigCatalogue();
    final RequestPathContext context;
    RequestPath path;
    final List<RigWorker> workers = new ArrayList<>();
    final List<RigClient> clients = new ArrayList<>();
    final List<ClientSession> toClose = new ArrayList<>();
    final List<Status> closed = new ArrayList<>();
    boolean isEveryMicrosecond;
    /** What was sent, if asked for. */
    StringBuilder log;
    private final PriorityQueue<Event> events = new PriorityQueue<>((a, b) ->
        a.timeNs != b.timeNs ? Long.compare(a.timeNs, b.timeNs) : Long.compare(a.order, b.order));
    private long order;
    private long nextTickNs = nowNs + TICK_NS;
    private int slots;

    PathRig(final long hopNs) {
        this.hopNs = hopNs;
        context = new RequestPathContext()
            .catalogue(catalogue)
            .arenaBytes(8 << 20)
            .maxRequests(4096)
            .maxActions(1024)
            .marginNs(0)
            .sessionCloser((session, status, detail, now) -> {
                toClose.add(session);
                closed.add(status);
            });
    }

    PathRig start() {
        path = new RequestPath(context);
        return this;
    }

    RigWorker worker(final int devices, final int pages, final long offsetNs) {
        final RigWorker worker = new RigWorker(this, workers.size(), slots, devices, pages, offsetNs);
        slots += devices;
        workers.add(worker);
        return worker;
    }

    RigClient client(final int maxInFlight) {
        final RigClient client = new RigClient(this, clients.size(), maxInFlight, 1 << 30);
        clients.add(client);
        return client;
    }

    Model register(final Artifact artifact) {
        final Model model = catalogue.model(artifact);
        path.onModelRegistered(model, nowNs);
        return model;
    }

    long executeNs(final int batchSize) {
        return executeNs[31 - Integer.numberOfLeadingZeros(batchSize)];
    }

    Artifact artifactOf(final long modelId) {
        final int index = Ids.index(modelId);
        return index < catalogue.models.size() ? catalogue.models.get(index).artifact : null;
    }

    void at(final long timeNs, final Runnable action) {
        events.add(new Event(Math.max(timeNs, nowNs), order++, action));
    }

    void toPath(final WorkerState worker, final UnsafeBuffer buffer, final int length) {
        at(nowNs + hopNs, () -> {
            final int templateId = new MessageHeaderDecoder().wrap(buffer, 0).templateId();
            if (worker.phase != org.clockwork.schema.codec.WorkerPhase.GONE) {
                path.onWorkerMessage(worker, templateId, buffer, 0, length, nowNs);
            }
        });
    }

    void toPath(final ClientSession session, final int templateId, final UnsafeBuffer buffer, final int length) {
        if (!session.isClosed) {
            path.onClientMessage(session, templateId, buffer, 0, length, nowNs);
        }
    }

    void lose(final RigWorker worker) {
        worker.die();
        worker.state.phase = org.clockwork.schema.codec.WorkerPhase.GONE;
        path.onWorkerLost(worker.state, nowNs);
    }

    void close(final ClientSession session) {
        session.isClosed = true;
        path.onSessionClosed(session, nowNs);
    }

    /** Runs duty cycles up to a time: at events and wake times only, or at every microsecond beside them. */
    void runUntil(final long untilNs) {
        cycle();
        while (true) {
            final long eventNs = events.isEmpty() ? Long.MAX_VALUE : events.peek().timeNs;
            final long wakeNs = Math.max(path.nextWakeNs(), nowNs);
            final long microsecondNs = isEveryMicrosecond ? nowNs + 1_000 - nowNs % 1_000 : Long.MAX_VALUE;
            final long nextNs = Math.min(Math.min(eventNs, wakeNs), Math.min(nextTickNs, microsecondNs));
            if (nextNs > untilNs) {
                break;
            }
            nowNs = nextNs;
            while (!events.isEmpty() && events.peek().timeNs <= nowNs) {
                events.poll().action.run();
            }
            cycle();
        }
        nowNs = untilNs;
    }

    void runFor(final long durationNs) {
        runUntil(nowNs + durationNs);
    }

    /** One duty cycle after the messages. */
    void cycle() {
        path.schedule(nowNs);
        path.flush(nowNs);
        while (!toClose.isEmpty()) {
            close(toClose.remove(0));
        }
        if (nowNs >= nextTickNs) {
            nextTickNs = nowNs + TICK_NS;
            path.slowTick(nowNs);
            path.schedule(nowNs);
        }
    }

    void log(final int lane, final UnsafeBuffer message) {
        if (log != null) {
            log.append(nowNs).append(' ').append(lane).append(' ');
            for (int i = 0; i < message.capacity(); i++) {
                log.append(Integer.toHexString(message.getByte(i) & 0xFF)).append(',');
            }
            log.append('\n');
        }
    }
}
