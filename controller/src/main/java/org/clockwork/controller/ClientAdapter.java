package org.clockwork.controller;

import org.agrona.DirectBuffer;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.model.Registrar;
import org.clockwork.controller.session.ClientSession;
import org.clockwork.controller.session.Queries;
import org.clockwork.controller.session.Sessions;
import org.clockwork.schema.MessageCheck;
import org.clockwork.schema.codec.CancelRequestDecoder;
import org.clockwork.schema.codec.CloseSessionDecoder;
import org.clockwork.schema.codec.ConnectDecoder;
import org.clockwork.schema.codec.FileChunkDecoder;
import org.clockwork.schema.codec.InferRequestDecoder;
import org.clockwork.schema.codec.InputDecoder;
import org.clockwork.schema.codec.KeepAliveDecoder;
import org.clockwork.schema.codec.ListModelsDecoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.RegisterModelDecoder;
import org.clockwork.schema.codec.StatusQueryDecoder;
import org.clockwork.schema.codec.UnregisterModelDecoder;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.MessageHandler;

/**
 * Takes what clients send: checks each message from end to end, finds its session, and hands it to whom it concerns.
 * What can't be read or makes no sense is counted and dropped. Owned by the controller agent.
 */
final class ClientAdapter implements MessageHandler {
    /** Every message of a session but CONNECT begins with the session's id. */
    private static final int SESSION_ID_OFFSET = MessageCheck.BODY_OFFSET;

    private final Sessions sessions;
    private final Queries queries;
    private final Registrar registrar;
    private final RequestPath path;
    private final ControllerCounters counters;
    private final ErrorHandler errorHandler;

    private final MessageCheck check = new MessageCheck();
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
    private final ConnectDecoder connect = new ConnectDecoder();
    private final KeepAliveDecoder keepAlive = new KeepAliveDecoder();
    private final InferRequestDecoder inferRequest = new InferRequestDecoder();
    private final ListModelsDecoder listModels = new ListModelsDecoder();
    private final RegisterModelDecoder registerModel = new RegisterModelDecoder();
    private final UnregisterModelDecoder unregisterModel = new UnregisterModelDecoder();
    private final StatusQueryDecoder statusQuery = new StatusQueryDecoder();
    private final FileChunkDecoder fileChunk = new FileChunkDecoder();
    private long nowNs;

    ClientAdapter(
        final Sessions sessions,
        final Queries queries,
        final Registrar registrar,
        final RequestPath path,
        final ControllerCounters counters,
        final ErrorHandler errorHandler) {
        this.sessions = sessions;
        this.queries = queries;
        this.registrar = registrar;
        this.path = path;
        this.counters = counters;
        this.errorHandler = errorHandler;
    }

    /** The time of the cycle in which messages are delivered. */
    void nowNs(final long cycleNs) {
        nowNs = cycleNs;
    }

    @Override
    public void onMessage(final Link link, final int lane, final DirectBuffer buffer, final int offset, final int length) {
        if (!check.isValid(buffer, offset, length)) {
            counters.increment(ControllerCounter.MALFORMED);
            return;
        }
        view.wrap(buffer, offset, length);
        try {
            if (lane == Link.CONTROL && check.templateId() == ConnectDecoder.TEMPLATE_ID) {
                connect.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
                sessions.onConnect(link, connect, nowNs);
            } else if (lane == Link.CONTROL && isControl(check.templateId())
                || lane == Link.BULK && isBulk(check.templateId())) {
                onSessionMessage(link, check.templateId(), length);
            } else {
                counters.increment(ControllerCounter.UNEXPECTED);
            }
        } catch (final RuntimeException ex) {
            counters.increment(ControllerCounter.ERRORS);
            errorHandler.onError(ex);
        }
    }

    private void onSessionMessage(final Link link, final int templateId, final int length) {
        final long sessionId = view.getLong(SESSION_ID_OFFSET, MessageHeaderDecoder.BYTE_ORDER);
        final ClientSession session = sessions.byLink(link);
        if (session == null || session.id != sessionId) {
            onUnknownSession(link, templateId, sessionId);
            return;
        }
        session.lastReceivedNs = nowNs;
        switch (templateId) {
            case InferRequestDecoder.TEMPLATE_ID, CancelRequestDecoder.TEMPLATE_ID, InputDecoder.TEMPLATE_ID ->
                path.onClientMessage(session, templateId, view, 0, length, nowNs);
            case KeepAliveDecoder.TEMPLATE_ID -> {
                keepAlive.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
                sessions.onKeepAlive(session, keepAlive, nowNs);
            }
            case FileChunkDecoder.TEMPLATE_ID -> {
                fileChunk.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
                registrar.onFileChunk(session, fileChunk, nowNs);
            }
            case ListModelsDecoder.TEMPLATE_ID -> {
                listModels.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
                queries.onListModels(session, listModels);
            }
            case StatusQueryDecoder.TEMPLATE_ID -> {
                statusQuery.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
                queries.onStatusQuery(session, statusQuery);
            }
            case RegisterModelDecoder.TEMPLATE_ID -> {
                registerModel.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
                registrar.onRegister(session, registerModel, nowNs);
            }
            case UnregisterModelDecoder.TEMPLATE_ID -> {
                unregisterModel.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
                registrar.onUnregister(session, unregisterModel, nowNs);
            }
            case CloseSessionDecoder.TEMPLATE_ID -> sessions.onCloseSession(session, nowNs);
            default -> counters.increment(ControllerCounter.UNEXPECTED);
        }
    }

    private void onUnknownSession(final Link link, final int templateId, final long sessionId) {
        if (templateId == InferRequestDecoder.TEMPLATE_ID) {
            inferRequest.wrap(view, MessageCheck.BODY_OFFSET, check.blockLength(), check.version());
            sessions.onUnknownSession(link, sessionId, inferRequest.requestId(), inferRequest.modelId());
        } else if (isBulk(templateId)) {
            counters.increment(ControllerCounter.UNKNOWN_SESSION);
        } else {
            sessions.onUnknownSession(link, sessionId);
        }
    }

    private static boolean isControl(final int templateId) {
        return switch (templateId) {
            case InferRequestDecoder.TEMPLATE_ID, CancelRequestDecoder.TEMPLATE_ID, KeepAliveDecoder.TEMPLATE_ID,
                CloseSessionDecoder.TEMPLATE_ID, ListModelsDecoder.TEMPLATE_ID, StatusQueryDecoder.TEMPLATE_ID,
                RegisterModelDecoder.TEMPLATE_ID, UnregisterModelDecoder.TEMPLATE_ID -> true;
            default -> false;
        };
    }

    private static boolean isBulk(final int templateId) {
        return templateId == InputDecoder.TEMPLATE_ID || templateId == FileChunkDecoder.TEMPLATE_ID;
    }
}
