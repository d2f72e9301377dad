package org.clockwork.device.cpu;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelException.Reason;

/** ONNX Runtime as we use it: one thread, no spinning, every session and tensor counted. Any thread. */
final class OrtRuntime {
    /**
     * Where skeletons say that their weights are. They are always bound by name, but the runtime wants the file to exist:
     * this one always does and is empty, so that a weight that was not bound is an error and not something read.
     */
    static final String NOWHERE_FOLDER = "/dev";
    /** The file in that folder. */
    static final String NOWHERE_FILE = "null";

    private static final Pattern[] MISSING_OPERATOR = {
        Pattern.compile("No Op registered for (\\S+)"),
        Pattern.compile("Could not find an implementation for (\\S+?)\\("),
        Pattern.compile("([\\w.:]+)\\(-?\\d+\\) is not a registered function/op"),
        Pattern.compile("No opset import for domain '?([\\w.]*)"),
    };

    private final OrtEnvironment environment;
    private final NativeMemory memory;

    /**
     * Makes or finds this process's ONNX Runtime environment; without its telemetry, unless the user's variable says
     * {@code 0}: from 1.29 on it sends HTTPS requests, writes a database in the home directory, and overflows its stack,
     * which ends the process, where the command line is longer than about 5,000 characters.
     */
    OrtRuntime(final NativeMemory memory) {
        memory.posix().defaultVariable("ORT_DISABLE_TELEMETRY", "1");
        environment = OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "clockwork");
        this.memory = memory;
    }

    String version() {
        return environment.getVersion();
    }

    /** One thread, which is the caller's. */
    SessionOptions options(final boolean prepack) throws OrtException {
        final SessionOptions options = new SessionOptions();
        // what goes wrong is thrown, and told where it matters
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
        options.setIntraOpNumThreads(1);
        options.setInterOpNumThreads(1);
        options.addConfigEntry("session.intra_op.allow_spinning", "0");
        options.addConfigEntry("session.inter_op.allow_spinning", "0");
        if (!prepack) {
            options.addConfigEntry("session.disable_prepacking", "1");
        }
        return options;
    }

    /** For skeletons, which are optimised already; their initializers are bound by the caller. */
    SessionOptions skeletonOptions(final boolean prepack) throws OrtException {
        final SessionOptions options = options(prepack);
        options.setOptimizationLevel(SessionOptions.OptLevel.NO_OPT);
        options.addConfigEntry("session.model_external_initializers_file_folder_path", NOWHERE_FOLDER);
        return options;
    }

    /** For sessions on the device: activations in its workspace, packed weights beside it, to come and go with the session. */
    SessionOptions onDevice(final SessionOptions options) throws OrtException {
        options.addConfigEntry("session.use_device_allocator_for_initializers", "1");
        options.addConfigEntry("session.use_env_allocators", "1");
        return options;
    }

    /** For models in ONNX Runtime's own format, whose bytes are used where they lie. */
    SessionOptions runtimeFormatOptions() throws OrtException {
        final SessionOptions options = options(false);
        options.addConfigEntry("session.use_ort_model_bytes_directly", "1");
        options.addConfigEntry("session.use_ort_model_bytes_for_initializers", "1");
        return options;
    }

    OrtSession session(final Path file, final SessionOptions options) throws OrtException {
        return counted(environment.createSession(file.toString(), options));
    }

    OrtSession session(final byte[] skeleton, final SessionOptions options) throws OrtException {
        return counted(environment.createSession(skeleton, options));
    }

    /** The bytes are used where they lie: they stay until the session is closed. */
    OrtSession session(final ByteBuffer bytes, final SessionOptions options) throws OrtException {
        return counted(environment.createSession(bytes, options));
    }

    void close(final OrtSession session) throws OrtException {
        session.close();
        memory.count(NativeMemory.Tag.RUNTIME_OBJECTS, -1);
    }

    /** A tensor over native memory; the caller keeps the memory and this object until no session uses them. */
    OnnxTensor tensor(final long address, final long bytes, final long[] shape, final OnnxJavaType type) throws OrtException {
        final OnnxTensor tensor = OnnxTensor.createTensor(environment, Posix.view(address, bytes), shape, type);
        memory.count(NativeMemory.Tag.RUNTIME_OBJECTS, 1);
        return tensor;
    }

    void close(final OnnxTensor tensor) {
        tensor.close();
        memory.count(NativeMemory.Tag.RUNTIME_OBJECTS, -1);
    }

    private OrtSession counted(final OrtSession session) {
        memory.count(NativeMemory.Tag.RUNTIME_OBJECTS, 1);
        return session;
    }

    /** What ONNX Runtime's refusal of a file means to the person who registered it. */
    static ModelException refusal(final OrtException e) {
        final String message = e.getMessage();
        for (final Pattern pattern : MISSING_OPERATOR) {
            final Matcher matcher = pattern.matcher(message);
            if (matcher.find()) {
                return new ModelException(Reason.UNSUPPORTED_OPERATOR,
                    "ONNX Runtime has no operator " + matcher.group(1) + " for this processor: " + message, e);
            }
        }
        return switch (e.getCode()) {
            case ORT_NOT_IMPLEMENTED -> new ModelException(Reason.UNSUPPORTED_OPERATOR, message, e);
            case ORT_INVALID_PROTOBUF, ORT_INVALID_GRAPH, ORT_NO_MODEL ->
                new ModelException(Reason.INVALID_FILE, "The file is no valid ONNX model: " + message, e);
            default -> new ModelException(Reason.COMPILE_FAILED, "ONNX Runtime refused the model: " + message, e);
        };
    }
}
