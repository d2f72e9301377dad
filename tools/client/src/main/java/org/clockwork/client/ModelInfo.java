package org.clockwork.client;

import java.util.List;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;

/**
 * A registered model as the controller described it last.
 *
 * @param modelId      for requests; it names this registration, and a later one of the same name has another.
 * @param name         the registered name.
 * @param artifactId   what it runs: file, dimensions and options; several models may share one.
 * @param state        where it is in its life.
 * @param status       why it failed, or OK.
 * @param detail       a sentence when it failed.
 * @param weightsBytes size of its weights; 0 while unknown.
 * @param pages        device pages it needs; 0 while unknown.
 * @param maxBatch     largest batch in use; 0 while unknown.
 * @param loadedOn     devices that hold it.
 * @param defaultSloNs for requests that state none, or {@link Protocol#NULL_NS}.
 * @param loadNs       expected duration of a LOAD, or {@link Protocol#NULL_NS}.
 * @param sha256       of the model file in hexadecimal; zeros for a profile without a file.
 * @param source       profile name, or fixed dimensions and options, for people.
 * @param engine       what executes it: the first word names engine and precision; empty while unknown.
 * @param profile      expected execution by batch size.
 * @param inputs       its input tensors in the order of the wire.
 * @param outputs      its output tensors in the order of the wire.
 */
public record ModelInfo(
    long modelId, String name, int artifactId, ModelState state, Status status, String detail,
    long weightsBytes, int pages, int maxBatch, int loadedOn, long defaultSloNs, long loadNs, String sha256,
    String source, String engine, List<ProfilePoint> profile, List<TensorInfo> inputs, List<TensorInfo> outputs) {

    /** Keeps its own unmodifiable copies of the lists. */
    public ModelInfo {
        profile = List.copyOf(profile);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /** Whether it takes requests. */
    public boolean isReady() {
        return state == ModelState.READY;
    }

    /** Whether it has come to the end of its registration, well or not. */
    public boolean isSettled() {
        return state == ModelState.READY || state == ModelState.FAILED || state == ModelState.UNREGISTERED;
    }

    /** Bytes of all input tensors of one request. */
    public long inputBytes() {
        return bytes(inputs);
    }

    /** Bytes of all output tensors of one request. */
    public long outputBytes() {
        return bytes(outputs);
    }

    /** A sentence on what a request has to bring. */
    public String neededInput() {
        final StringBuilder text = new StringBuilder("The model takes ").append(inputBytes()).append(" bytes:");
        for (int i = 0; i < inputs.size(); i++) {
            final TensorInfo tensor = inputs.get(i);
            text.append(i == 0 ? " " : ", ").append(tensor.name()).append(' ').append(tensor.type()).append(' ')
                .append(tensor.shape());
        }
        final boolean isImage = inputs.size() == 1 && inputs.get(0).type() == DataType.UINT8;
        return text.append(isImage ? " (8-bit pixels, made floats on the device)." : ".").toString();
    }

    private static long bytes(final List<TensorInfo> tensors) {
        long bytes = 0;
        for (int i = 0; i < tensors.size(); i++) {
            bytes += tensors.get(i).bytes();
        }
        return bytes;
    }
}
