package org.clockwork.client;

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.clockwork.schema.Protocol;

/**
 * What to register: a model file, or a profile of emulated devices, under one name or many. Not to be changed once it
 * was handed over.
 */
public final class RegisterSpec {
    private static final int MAX_TEXT = 256;
    private static final int MAX_DIMENSIONS = 64;

    final String name;
    Path file;
    String profileName = "";
    int count = 1;
    boolean isReplacing;
    long defaultSloNs = Protocol.NULL_NS;
    int maxBatch;
    Precision precision = Precision.WORKER_DEFAULT;
    InputTransform inputTransform;
    final Map<String, Integer> dimensions = new TreeMap<>();

    private RegisterSpec(final String name) {
        this.name = text("name", name);
    }

    /** A model file (ONNX) that this process can read; its bytes go to the controller unless it has them. */
    public static RegisterSpec file(final String name, final Path file) {
        final RegisterSpec spec = new RegisterSpec(name);
        spec.file = file;
        return spec;
    }

    /** A row of the emulated devices' profile table; there is no file. */
    public static RegisterSpec profile(final String name, final String profileName) {
        final RegisterSpec spec = new RegisterSpec(name);
        spec.profileName = text("profile", profileName);
        return spec;
    }

    /** 1: the name itself; N: {@code name-0} to {@code name-(N-1)}, all over one artifact. */
    public RegisterSpec count(final int models) {
        if (models < 1) {
            throw new IllegalArgumentException("count=" + models + " is below 1");
        }
        count = models;
        return this;
    }

    /** Whether a name that is taken by another file is given to this one. */
    public RegisterSpec replace(final boolean isWanted) {
        isReplacing = isWanted;
        return this;
    }

    /** SLO of requests that state none; {@link Protocol#NULL_NS} for none. */
    public RegisterSpec defaultSloNs(final long ns) {
        defaultSloNs = ns;
        return this;
    }

    /** Largest batch to compile and measure; 0: the controller's default. */
    public RegisterSpec maxBatch(final int requests) {
        if (requests < 0 || requests > Protocol.MAX_BATCH) {
            throw new IllegalArgumentException("maxBatch=" + requests + " is not within 0 to " + Protocol.MAX_BATCH);
        }
        maxBatch = requests;
        return this;
    }

    /** In what precision it is computed; the error against 32-bit floats is measured and told with the model. */
    public RegisterSpec precision(final Precision wanted) {
        precision = Objects.requireNonNull(wanted, "precision");
        return this;
    }

    /** Its one image input comes as bytes and is made floats on the device; null for an input as the file has it. */
    public RegisterSpec inputTransform(final InputTransform transform) {
        inputTransform = transform;
        return this;
    }

    /** Fixes a symbolic dimension of the file, named by its symbol or as {@code input:axis}. */
    public RegisterSpec dimension(final String symbol, final int value) {
        if (value < 1) {
            throw new IllegalArgumentException("dimension " + symbol + "=" + value + " is below 1");
        }
        if (dimensions.size() >= MAX_DIMENSIONS) {
            throw new IllegalArgumentException("more than " + MAX_DIMENSIONS + " dimensions");
        }
        dimensions.put(text("dimension", symbol), value);
        return this;
    }

    /** Precision and input transform as the protocol writes them. */
    String options() {
        final StringBuilder text = new StringBuilder();
        if (precision != Precision.WORKER_DEFAULT) {
            text.append("precision=").append(precision.word);
        }
        if (inputTransform != null) {
            text.append(text.isEmpty() ? "" : " ").append("input=").append(inputTransform);
        }
        return text.toString();
    }

    /** Whether a model of this name is one of those registered. */
    boolean isNamed(final String modelName) {
        if (count == 1) {
            return modelName.equals(name);
        }
        if (!modelName.startsWith(name + "-")) {
            return false;
        }
        final String number = modelName.substring(name.length() + 1);
        return number.length() <= 9 && number.matches("0|[1-9][0-9]*") && Integer.parseInt(number) < count;
    }

    private static String text(final String what, final String value) {
        if (value == null || value.isEmpty() || value.length() > MAX_TEXT) {
            throw new IllegalArgumentException(what + " '" + value + "' is empty or longer than " + MAX_TEXT + " characters");
        }
        return value;
    }
}
