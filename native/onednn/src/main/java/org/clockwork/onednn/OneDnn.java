package org.clockwork.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_version;
import static org.bytedeco.dnnl.global.dnnl.get_effective_cpu_isa;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Loader;

/**
 * The library, loaded once a process, with its engine and stream. Primitives run on the calling thread alone. Any thread
 * may use it; one executes at a time.
 */
public final class OneDnn {
    private static final String MEMORY_LIMIT_PROP_NAME = "org.bytedeco.javacpp.maxPhysicalBytes";

    private final engine engine;
    private final stream stream;
    private final dnnl_stream streamHandle;
    private final Function setThreads;
    private final String version;
    private final boolean hasFastBfloat16;

    private OneDnn(final Function setThreads) {
        this.setThreads = setThreads;
        engine = new engine(org.bytedeco.dnnl.engine.kind.cpu, 0);
        stream = new stream(engine);
        streamHandle = stream.get();
        final dnnl_version_t numbers = dnnl_version();
        final String isa = String.valueOf(get_effective_cpu_isa());
        version = numbers.major() + "." + numbers.minor() + "." + numbers.patch() + " " + isa;
        hasFastBfloat16 = isa.contains("amx") || isa.contains("bf16");
    }

    /**
     * Loads the library.
     *
     * @throws UnsupportedOperationException with a sentence why this machine has none.
     */
    public static OneDnn load() {
        try {
            if (System.getProperty(MEMORY_LIMIT_PROP_NAME) == null) {
                // its default counts the process's whole memory, most of which here is pages of weights
                System.setProperty(MEMORY_LIMIT_PROP_NAME, "0");
            }
            final String library = Loader.load(org.bytedeco.dnnl.global.dnnl.class);
            final Path threads = new File(library).toPath().resolveSibling("libgomp.so.1");
            if (!Files.exists(threads)) {
                throw new UnsupportedOperationException("oneDNN's threads can't be limited: there is no " + threads);
            }
            final Function setThreads = NativeLibrary.getInstance(threads.toString()).getFunction("omp_set_num_threads");
            setThreads.invokeVoid(new Object[] {1});
            return new OneDnn(setThreads);
        } catch (final LinkageError e) {
            throw new UnsupportedOperationException("oneDNN can't be loaded: " + e, e);
        }
    }

    /** To be called on each thread before it makes or executes primitives: they keep to that thread. */
    public void enterThread() {
        setThreads.invokeVoid(new Object[] {1});
    }

    /** Version and the instructions that it uses. */
    public String version() {
        return version;
    }

    /** Whether the processor computes with BFLOAT16. */
    public boolean hasBfloat16() {
        return hasFastBfloat16;
    }

    engine engine() {
        return engine;
    }

    stream stream() {
        return stream;
    }

    dnnl_stream streamHandle() {
        return streamHandle;
    }
}
