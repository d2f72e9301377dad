package org.clockwork.worker.install;

import java.nio.file.Path;
import java.util.Map;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelOptions;
import org.clockwork.device.ModelSource;
import org.clockwork.schema.codec.Status;

/** One file with its fixed dimensions and options, or one profile, on its way to being loadable. Owned by the worker agent. */
public final class Artifact {
    /** Absence of an id: the controller of this session has not named it. */
    public static final int NO_ID = -1;

    final String key;
    final String fileHash;
    final long fileLength;
    final String profileName;
    final Map<String, Integer> dimensions;
    final int maxBatch;
    final String options;

    ArtifactState state = ArtifactState.WAITING;
    int id = NO_ID;
    long epoch;
    long transferId;
    Status status = Status.OK;
    String detail = "";
    boolean isReportPending;
    boolean isForgotten;
    private CompiledModel compiled;
    private Tensors inputs = Tensors.NONE;
    private Tensors outputs = Tensors.NONE;
    private int holders;

    Artifact(
            final String key, final String fileHash, final long fileLength, final String profileName,
            final Map<String, Integer> dimensions, final int maxBatch, final String options) {
        this.key = key;
        this.fileHash = fileHash;
        this.fileLength = fileLength;
        this.profileName = profileName;
        this.dimensions = dimensions;
        this.maxBatch = maxBatch;
        this.options = options;
    }

    /** Digest of file, dimensions and options, in hex. */
    public String key() {
        return key;
    }

    /** How the controller of this session names it, or {@link #NO_ID}. */
    public int id() {
        return id;
    }

    /** Of the controller that asked for it last. */
    public long epoch() {
        return epoch;
    }

    /** Whether it can be loaded. */
    public boolean isReady() {
        return state == ArtifactState.READY && !isForgotten;
    }

    /** What to load; null before it is ready. */
    public CompiledModel compiled() {
        return compiled;
    }

    /** Input tensors of one request. */
    public Tensors inputs() {
        return inputs;
    }

    /** Output tensors of one request. */
    public Tensors outputs() {
        return outputs;
    }

    /** Notes one more device copy, or LOAD of one, that uses it. */
    public void hold() {
        holders++;
    }

    /** Takes a {@link #hold} back. */
    public void letGo() {
        holders--;
    }

    boolean isHeld() {
        return holders > 0;
    }

    boolean hasFile() {
        return profileName == null;
    }

    ModelSource source(final Path file) throws ModelException {
        return new ModelSource(key, file, profileName, dimensions, maxBatch, ModelOptions.parse(options));
    }

    /** Takes over what the compiler made. */
    void compiled(final CompiledModel model, final int maxInputs, final int maxOutputs) throws ModelException {
        try {
            final Tensors in = new Tensors(model.inputs());
            final Tensors out = new Tensors(model.outputs());
            if (in.count() > maxInputs || out.count() > maxOutputs) {
                throw new ModelException(ModelException.Reason.COMPILE_FAILED,
                    "too many tensors: inputs=" + in.count()
                        + " of " + maxInputs + " outputs=" + out.count() + " of " + maxOutputs);
            }
            inputs = in;
            outputs = out;
            compiled = model;
        } catch (final ArithmeticException e) {
            throw new ModelException(ModelException.Reason.TOO_LARGE, "the tensors of one request pass 2 GiB", e);
        }
    }
}
