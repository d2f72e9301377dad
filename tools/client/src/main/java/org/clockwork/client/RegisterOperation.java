package org.clockwork.client;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;

/**
 * A registration from the hash of its file to the moment at which its models take requests. Files are read and hashed
 * in slices, so that the connection stays alive meanwhile.
 */
final class RegisterOperation extends Operation {
    /** How long after the last news the controller is asked how the models are. */
    static final long LOOK_NS = 2_000_000_000L;

    private static final int MAX_CHUNKS_PER_CYCLE = 8;

    /** The life of a registration. */
    private enum Phase {
        /** Its file is not open yet. */
        NEW,
        /** The file's SHA-256 is computed. */
        HASHING,
        /** REGISTER-MODEL is to be sent. */
        ASKING,
        /** REGISTER-MODEL was sent; no answer yet. */
        ASKED,
        /** The controller needs the file; its chunks are sent. */
        SENDING,
        /** All chunks were sent; the controller has yet to say whether the file is whole. */
        SENT,
        /** The controller has all it needs; its models become ready. */
        WAITING,
        /** Over. */
        OVER
    }

    private final RegisterSpec spec;
    private final RegistrationHandler handler;
    private final long answerTimeoutNs;
    private final long readyTimeoutNs;
    private final Map<String, ModelInfo> models = new LinkedHashMap<>();
    private Phase phase = Phase.NEW;
    private ModelFile file;
    private long transferId;
    private long nextLookNs;
    private int settled;
    private ModelInfo failed;

    RegisterOperation(
        final long correlationId, final RegisterSpec spec, final long answerTimeoutNs, final long readyTimeoutNs,
        final RegistrationHandler handler) {
        super(correlationId);
        this.spec = spec;
        this.answerTimeoutNs = answerTimeoutNs;
        this.readyTimeoutNs = readyTimeoutNs;
        this.handler = handler;
    }

    RegisterSpec spec() {
        return spec;
    }

    @Override
    boolean send(final ControllerPublisher publisher) {
        return publisher.registerModel(
            correlationId, spec, file == null ? 0 : file.length(), file == null ? new byte[ModelFile.HASH_BYTES] : file.sha256());
    }

    @Override
    int doWork(final ControllerPublisher publisher, final Lanes lanes, final long nowNs) {
        try {
            if (phase != Phase.NEW && phase != Phase.HASHING && nowNs - deadlineNs >= 0) {
                end(lostStatus(Status.CLIENT_TIMED_OUT), "nothing heard of the registration for too long");
                return 1;
            }
            return switch (phase) {
                case NEW -> open(nowNs);
                case HASHING -> hash(nowNs);
                case ASKING -> ask(publisher, lanes, nowNs);
                case SENDING -> sendChunks(publisher, lanes, nowNs);
                default -> 0;
            };
        } catch (final IOException ex) {
            end(Status.INVALID_REGISTRATION, "cannot read " + spec.file + ": " + ex.getMessage());
            return 1;
        }
    }

    private int open(final long nowNs) throws IOException {
        if (spec.file == null) {
            enter(Phase.ASKING, nowNs, answerTimeoutNs);
            return 1;
        }
        file = new ModelFile(spec.file);
        if (file.length() == 0) {
            end(Status.INVALID_MODEL_FILE, spec.file + " is empty");
        } else {
            phase = Phase.HASHING;
        }
        return 1;
    }

    private int hash(final long nowNs) throws IOException {
        if (file.hashSlice()) {
            enter(Phase.ASKING, nowNs, answerTimeoutNs);
        }
        return 1;
    }

    private int ask(final ControllerPublisher publisher, final Lanes lanes, final long nowNs) {
        if (!lanes.control.isOpen(nowNs)) {
            return 0;
        }
        isSent = send(publisher);
        if (isSent) {
            enter(Phase.ASKED, nowNs, answerTimeoutNs);
        } else {
            lanes.control.shut(nowNs);
        }
        return isSent ? 1 : 0;
    }

    private int sendChunks(final ControllerPublisher publisher, final Lanes lanes, final long nowNs) throws IOException {
        int chunks = 0;
        while (chunks < MAX_CHUNKS_PER_CYCLE && !file.isSent() && lanes.bulk.isOpen(nowNs)) {
            if (file.sendChunk(publisher, transferId)) {
                chunks++;
            } else {
                lanes.bulk.shut(nowNs);
            }
        }
        if (chunks > 0) {
            deadlineNs = nowNs + answerTimeoutNs;
            if (file.isSent()) {
                enter(Phase.SENT, nowNs, answerTimeoutNs);
            }
            handler.onProgress(file.sentBytes(), file.length());
        }
        return chunks;
    }

    private void enter(final Phase next, final long nowNs, final long timeoutNs) {
        phase = next;
        deadlineNs = nowNs + timeoutNs;
        nextLookNs = nowNs + LOOK_NS;
    }

    /** Whether it is time to ask how the models are; then the next time is set. */
    boolean isTimeToLook(final long nowNs) {
        if (phase != Phase.WAITING || nowNs - nextLookNs < 0) {
            return false;
        }
        nextLookNs = nowNs + LOOK_NS;
        return true;
    }

    @Override
    long nextWakeNs(final Lanes lanes, final long nowNs) {
        return switch (phase) {
            case NEW, HASHING -> nowNs;
            case ASKING -> ClientCore.earlier(deadlineNs, lanes.control.nextTryNs(nowNs));
            case SENDING -> ClientCore.earlier(deadlineNs, lanes.bulk.nextTryNs(nowNs));
            case WAITING -> ClientCore.earlier(deadlineNs, nextLookNs);
            case ASKED, SENT -> deadlineNs;
            case OVER -> Long.MAX_VALUE;
        };
    }

    @Override
    void onAck(final Status status, final long transfer, final String detail, final long nowNs) {
        if (status == Status.OK) {
            if (phase == Phase.ASKED || phase == Phase.SENDING || phase == Phase.SENT) {
                enter(Phase.WAITING, nowNs, readyTimeoutNs);
                endIfSettled();
            }
        } else if (status != Status.NEED_FILE) {
            end(status, detail);
        } else if (phase == Phase.ASKED && file != null) {
            transferId = transfer;
            enter(Phase.SENDING, nowNs, answerTimeoutNs);
        } else if (phase == Phase.ASKED) {
            end(Status.MALFORMED_MESSAGE, "the controller asks for the file of a profile");
        }
    }

    /** News of a model. */
    boolean onModel(final ModelInfo model, final long nowNs) {
        if (phase == Phase.OVER || !isSent || !spec.isNamed(model.name())) {
            return false;
        }
        final ModelInfo old = models.put(model.name(), model);
        if (old != null && old.state() == model.state()) {
            return true;
        }
        settled += (model.isSettled() ? 1 : 0) - (old != null && old.isSettled() ? 1 : 0);
        if (model.isSettled() && !model.isReady()) {
            failed = model;
        }
        nextLookNs = nowNs + LOOK_NS;
        if (phase == Phase.WAITING) {
            deadlineNs = nowNs + readyTimeoutNs;
        }
        handler.onModel(model);
        endIfSettled();
        return true;
    }

    private void endIfSettled() {
        if (phase != Phase.WAITING || settled < spec.count) {
            return;
        }
        if (failed == null) {
            end(Status.OK, "");
        } else {
            final boolean isGone = failed.state() == ModelState.UNREGISTERED;
            final Status status = failed.status() == Status.OK ? Status.COMPILE_FAILED : failed.status();
            end(isGone ? Status.MODEL_GONE : status, isGone ? failed.name() + " was unregistered" : failed.detail());
        }
    }

    @Override
    boolean isBusy() {
        return phase != Phase.SENT && phase != Phase.WAITING && phase != Phase.OVER;
    }

    @Override
    boolean isOver() {
        return phase == Phase.OVER;
    }

    @Override
    void end(final Status status, final String detail) {
        if (phase != Phase.OVER) {
            phase = Phase.OVER;
            if (file != null) {
                file.close();
            }
            handler.onEnd(status, detail, List.copyOf(models.values()));
        }
    }
}
