package org.clockwork.device.cpu;

import ai.onnxruntime.OrtException;
import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * One arena for the activations of all sessions of the device, with a limit: without it each session keeps its own and
 * they add up. ONNX Runtime's Java API has no call for that, so this calls its C API, in which functions are numbered for
 * good. The arena belongs to the process: of two backends in one process, the later one's is used by both.
 */
final class Workspace implements AutoCloseable {
    private static final String LIBRARY = "libonnxruntime.so";
    private static final Path MAPS = Path.of("/proc/self/maps");

    /** The first version of the C API that has all calls used here. */
    private static final int API_VERSION = 14;
    private static final int GET_ERROR_MESSAGE = 2;
    private static final int CREATE_ENV = 3;
    private static final int CREATE_MEMORY_INFO = 68;
    private static final int RELEASE_ENV = 92;
    private static final int RELEASE_STATUS = 93;
    private static final int RELEASE_MEMORY_INFO = 94;
    private static final int CREATE_AND_REGISTER_ALLOCATOR = 144;
    private static final int CREATE_ARENA_CFG = 156;
    private static final int RELEASE_ARENA_CFG = 157;
    private static final int UNREGISTER_ALLOCATOR = 177;

    private static final int LOG_ERRORS = 3;
    private static final int ARENA_ALLOCATOR = 1;
    private static final int DEFAULT_MEMORY = 0;
    private static final int EXTEND_AS_REQUESTED = 1;
    private static final int UNSET = -1;

    private final Pointer api;
    private final Pointer environment;
    private final Pointer memoryInfo;

    /**
     * Registers the arena.
     *
     * @param version that the Java API reports; the library must be the same.
     * @param bytes   most that activations may take at once.
     */
    Workspace(final String version, final int bytes) {
        try {
            final NativeLibrary library = NativeLibrary.getInstance(loadedLibrary());
            final Pointer base = (Pointer) library.getFunction("OrtGetApiBase").invoke(Pointer.class, new Object[0]);
            final Function getApi = Function.getFunction(base.getPointer(0));
            final Function getVersion = Function.getFunction(base.getPointer(Long.BYTES));
            final String found = ((Pointer) getVersion.invoke(Pointer.class, new Object[0])).getString(0);
            if (!found.equals(version)) {
                throw new IllegalStateException("another ONNX Runtime is loaded: version=" + found + " wanted=" + version);
            }
            api = (Pointer) getApi.invoke(Pointer.class, new Object[] {API_VERSION});
        } catch (final LinkageError | IOException e) {
            throw new IllegalStateException("ONNX Runtime's C API can't be called: " + e, e);
        }
        final PointerByReference result = new PointerByReference();
        call(CREATE_ENV, LOG_ERRORS, "clockwork", result);
        environment = result.getValue();
        call(CREATE_MEMORY_INFO, "Cpu", ARENA_ALLOCATOR, 0, DEFAULT_MEMORY, result);
        memoryInfo = result.getValue();
        call(CREATE_ARENA_CFG, (long) bytes, EXTEND_AS_REQUESTED, bytes, UNSET, result);
        final Pointer arena = result.getValue();
        call(CREATE_AND_REGISTER_ALLOCATOR, environment, memoryInfo, arena);
        release(RELEASE_ARENA_CFG, arena);
    }

    /** The very library that the Java API has loaded, from wherever it unpacked it. */
    private static String loadedLibrary() throws IOException {
        final List<String> lines = Files.readAllLines(MAPS);
        for (final String line : lines) {
            if (line.endsWith(LIBRARY)) {
                return line.substring(line.indexOf('/'));
            }
        }
        throw new IOException("no " + LIBRARY + " is loaded");
    }

    /** Whether an execution failed because the arena's limit did not suffice for its activations. */
    static boolean isExhausted(final OrtException e) {
        return e.getMessage().contains("BFCArena") && e.getMessage().contains("Available memory of");
    }

    private void call(final int function, final Object... arguments) {
        final Pointer status = (Pointer) function(function).invoke(Pointer.class, arguments);
        if (status != null) {
            final Pointer message = (Pointer) function(GET_ERROR_MESSAGE).invoke(Pointer.class, new Object[] {status});
            final String text = message.getString(0);
            release(RELEASE_STATUS, status);
            throw new IllegalStateException("ONNX Runtime refuses a workspace: " + text);
        }
    }

    private void release(final int function, final Pointer object) {
        function(function).invoke(Void.class, new Object[] {object});
    }

    private Function function(final int index) {
        return Function.getFunction(api.getPointer((long) index * Long.BYTES));
    }

    /** Its memory goes when the last session that uses it is closed. */
    @Override
    public void close() {
        final Pointer status = (Pointer) function(UNREGISTER_ALLOCATOR)
            .invoke(Pointer.class, new Object[] {environment, memoryInfo});
        if (status != null) {
            // another backend of this process has replaced it and gone
            release(RELEASE_STATUS, status);
        }
        release(RELEASE_MEMORY_INFO, memoryInfo);
        release(RELEASE_ENV, environment);
    }
}
