package org.clockwork.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.agrona.ErrorHandler;
import org.clockwork.schema.codec.Status;

/**
 * Questions to the controller other than requests: queries, one at a time, and operations on its catalogue, one at a
 * time until the controller has what it needs. Bounded. Owned by the thread that polls the core.
 */
final class Exchanges {
    private final ControllerPublisher publisher;
    private final Lanes lanes;
    private final Catalogue catalogue;
    private final ClientCounters counters;
    private final ErrorHandler errorHandler;
    private final int limit;
    private final int maxModels;
    private final long answerTimeoutNs;
    private final long readyTimeoutNs;
    private final ArrayDeque<Exchange> queries = new ArrayDeque<>();
    private final ArrayDeque<Operation> operations = new ArrayDeque<>();
    /** Registrations that wait for their models to become ready. */
    private final List<Operation> waiting = new ArrayList<>();
    private Exchange query;
    private Operation operation;
    private long lastCorrelationId;

    Exchanges(
        final ClockworkClient.Context context, final ControllerPublisher publisher, final Lanes lanes,
        final Catalogue catalogue, final ClientCounters counters) {
        this.publisher = publisher;
        this.lanes = lanes;
        this.catalogue = catalogue;
        this.counters = counters;
        errorHandler = context.errorHandler();
        limit = context.maxExchanges();
        maxModels = context.maxModels();
        answerTimeoutNs = context.queryTimeoutNs();
        readyTimeoutNs = context.registrationTimeoutNs();
    }

    private boolean isFull() {
        return queries.size() + operations.size() + waiting.size() + (query == null ? 0 : 1) + (operation == null ? 0 : 1) >=
            limit;
    }

    long list(final String prefix, final ModelsHandler handler, final long nowNs) {
        return isFull() ? ClientCore.TOO_MANY_EXCHANGES :
            ask(new ListExchange(++lastCorrelationId, prefix, maxModels, handler), nowNs);
    }

    long status(final StatusHandler handler, final long nowNs) {
        return isFull() ? ClientCore.TOO_MANY_EXCHANGES : ask(new StatusExchange(++lastCorrelationId, handler), nowNs);
    }

    private long ask(final Exchange exchange, final long nowNs) {
        exchange.deadlineNs = nowNs + answerTimeoutNs;
        queries.add(exchange);
        return exchange.correlationId;
    }

    long register(final RegisterSpec spec, final RegistrationHandler handler) {
        if (isFull()) {
            return ClientCore.TOO_MANY_EXCHANGES;
        }
        operations.add(new RegisterOperation(++lastCorrelationId, spec, answerTimeoutNs, readyTimeoutNs, handler));
        return lastCorrelationId;
    }

    long unregister(final String name, final int count, final EndHandler handler) {
        if (isFull()) {
            return ClientCore.TOO_MANY_EXCHANGES;
        }
        operations.add(new UnregisterOperation(++lastCorrelationId, name, count, answerTimeoutNs, (status, detail) -> {
            if (status == Status.OK) {
                forget(name, count);
            }
            handler.onEnd(status, detail);
        }));
        return lastCorrelationId;
    }

    private void forget(final String name, final int count) {
        for (int i = 0; i < Math.min(count, maxModels); i++) {
            final ModelInfo model = catalogue.byName(count == 1 ? name : name + "-" + i);
            if (model != null) {
                catalogue.forget(model.modelId());
            }
        }
    }

    int doWork(final long nowNs) {
        if (query == null && operation == null && queries.isEmpty() && operations.isEmpty() && waiting.isEmpty()) {
            return 0;
        }
        try {
            return workOnQueries(nowNs) + workOnOperations(nowNs);
        } catch (final RuntimeException ex) {
            onHandlerError(ex);
            return 1;
        }
    }

    private int workOnQueries(final long nowNs) {
        if (query == null) {
            query = queries.poll();
        }
        if (query == null) {
            return 0;
        }
        if (nowNs - query.deadlineNs >= 0) {
            endQuery(Status.CLIENT_TIMED_OUT, "no answer from the controller in time");
            return 1;
        }
        if (query.isSent || !lanes.control.isOpen(nowNs)) {
            return 0;
        }
        query.isSent = query.send(publisher);
        if (!query.isSent) {
            lanes.control.shut(nowNs);
        }
        return query.isSent ? 1 : 0;
    }

    private void endQuery(final Status status, final String detail) {
        final Exchange ended = query;
        query = null;
        ended.end(status, detail);
    }

    private int workOnOperations(final long nowNs) {
        if (operation == null) {
            operation = operations.poll();
        }
        int work = 0;
        if (operation != null) {
            work += operation.doWork(publisher, lanes, nowNs);
            settle();
        }
        for (int i = waiting.size() - 1; i >= 0; i--) {
            final RegisterOperation registration = (RegisterOperation) waiting.get(i);
            work += registration.doWork(publisher, lanes, nowNs);
            if (registration.isOver()) {
                waiting.remove(i);
            } else if (registration.isTimeToLook(nowNs) && !isFull()) {
                list(registration.spec().name, (status, detail, models) -> look(registration, models, nowNs), nowNs);
                work++;
            }
        }
        return work;
    }

    private static void look(final RegisterOperation registration, final List<ModelInfo> models, final long nowNs) {
        for (final ModelInfo model : models) {
            registration.onModel(model, nowNs);
        }
    }

    /** Makes way for the next operation when this one waits for the controller only, or is over. */
    private void settle() {
        if (operation != null && !operation.isBusy()) {
            if (!operation.isOver()) {
                waiting.add(operation);
            }
            operation = null;
        }
    }

    long nextWakeNs(final long nowNs) {
        long wakeNs = Long.MAX_VALUE;
        if (query != null) {
            wakeNs = query.isSent ? query.deadlineNs :
                ClientCore.earlier(query.deadlineNs, lanes.control.nextTryNs(nowNs));
        } else if (!queries.isEmpty()) {
            return nowNs;
        }
        if (operation != null) {
            wakeNs = ClientCore.earlier(wakeNs, operation.nextWakeNs(lanes, nowNs));
        } else if (!operations.isEmpty()) {
            return nowNs;
        }
        for (int i = 0; i < waiting.size(); i++) {
            wakeNs = ClientCore.earlier(wakeNs, waiting.get(i).nextWakeNs(lanes, nowNs));
        }
        return wakeNs;
    }

    /** A model, asked for or not. */
    void onModel(final long correlationId, final ModelInfo model, final long nowNs) {
        catalogue.put(model);
        try {
            boolean isExpected = query != null && query.correlationId == correlationId && query.onModel(model);
            final Operation registered = operationOf(correlationId);
            if (registered instanceof RegisterOperation registration) {
                isExpected |= registration.onModel(model, nowNs);
                tidy();
            }
            counters.unexpected += isExpected ? 0 : 1;
        } catch (final RuntimeException ex) {
            onHandlerError(ex);
        }
    }

    void onReport(final long correlationId, final ControllerStatus report) {
        count(isOfQuery(correlationId) && query.onReport(report));
    }

    void onWorker(final long correlationId, final WorkerStatus worker) {
        count(isOfQuery(correlationId) && query.onWorker(worker));
    }

    void onDevice(final long correlationId, final DeviceStatus device) {
        count(isOfQuery(correlationId) && query.onDevice(device));
    }

    void onQueryEnd(final long correlationId, final Status status) {
        if (!isOfQuery(correlationId)) {
            counters.unexpected++;
            return;
        }
        final Exchange ended = query;
        query = null;
        try {
            ended.onQueryEnd(status);
        } catch (final RuntimeException ex) {
            onHandlerError(ex);
        }
    }

    void onAck(final long correlationId, final Status status, final long transferId, final String detail, final long nowNs) {
        final Operation answered = operationOf(correlationId);
        if (answered == null) {
            counters.unexpected++;
            return;
        }
        try {
            answered.onAck(status, transferId, detail, nowNs);
        } catch (final RuntimeException ex) {
            onHandlerError(ex);
        }
        tidy();
    }

    /** The session is over: nothing that was asked will be answered. */
    void onSessionDown(final Status status, final String reason) {
        final List<Exchange> lost = new ArrayList<>();
        if (query != null) {
            lost.add(query);
        }
        lost.addAll(queries);
        if (operation != null) {
            lost.add(operation);
        }
        lost.addAll(operations);
        lost.addAll(waiting);
        query = null;
        operation = null;
        queries.clear();
        operations.clear();
        waiting.clear();
        for (final Exchange exchange : lost) {
            try {
                exchange.end(exchange.lostStatus(status), "the session ended before the answer: " + reason);
            } catch (final RuntimeException ex) {
                onHandlerError(ex);
            }
        }
    }

    private Operation operationOf(final long correlationId) {
        if (operation != null && operation.isSent && operation.correlationId == correlationId) {
            return operation;
        }
        for (int i = 0; i < waiting.size(); i++) {
            if (waiting.get(i).correlationId == correlationId) {
                return waiting.get(i);
            }
        }
        return null;
    }

    private void tidy() {
        settle();
        waiting.removeIf(Operation::isOver);
    }

    private boolean isOfQuery(final long correlationId) {
        return query != null && query.isSent && query.correlationId == correlationId;
    }

    private void count(final boolean isExpected) {
        counters.unexpected += isExpected ? 0 : 1;
    }

    private void onHandlerError(final RuntimeException ex) {
        counters.handlerErrors++;
        errorHandler.onError(ex);
    }
}
