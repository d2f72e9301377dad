package org.clockwork.emulatedcuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Loads the stand-ins for libcuda, libcudnn and libcublas into this process, sets what they do, and reads what was done to
 * them. {@link #load()} must come before the first JCuda class, since those bind to whatever is loaded. Any thread may call;
 * the settings are the process's, so tests that use them don't run beside each other.
 */
public final class EmulatedCuda {
    /** A kernel on a stream, for {@link #fail}, {@link #latencyNs} and {@link #calls}: a failure there loses the context. */
    public static final String EXECUTE_KERNEL = "execute:kernel";
    /** A copy or a fill. */
    public static final String EXECUTE_COPY = "execute:copy";
    /** A function of cuDNN or cuBLAS. */
    public static final String EXECUTE_LIBRARY = "execute:library";
    /** Asynchronous copies from or to host memory that is not pinned, which therefore waited: only counted. */
    public static final String PAGEABLE_COPIES = "pageable copies";

    private static final String FOLDER = "linux-x86_64/";
    private static final List<String> LIBRARIES = List.of("libcuda.so.1", "libcublas.so.12", "libcudnn.so.9");
    private static final String KERNELS = "libcwkernels.so";

    private EmulatedCuda() {
    }

    /** Were the stand-ins built (64-bit Linux on x86, with g++)? */
    public static boolean isBuilt() {
        return EmulatedCuda.class.getResource(FOLDER + LIBRARIES.get(0)) != null;
    }

    /** Loads the stand-ins once per process. Throws {@link IllegalStateException} if they were not built. */
    public static void load() {
        Libraries.LOADED.run();
    }

    /** The start: no faults, no latencies, one device of 1 GiB, devices that were lost are there again, no breaches. */
    public static void reset() {
        said("reset");
    }

    /** How many devices cuInit finds. */
    public static void devices(final int number) {
        said("set devices " + number);
    }

    /** The memory of each device. */
    public static void memoryBytes(final long bytes) {
        said("set memoryBytes " + bytes);
    }

    /** How much a stream's queue holds before launches block. */
    public static void queueEntries(final int number) {
        said("set queueEntries " + number);
    }

    /** Is fresh device memory full of NaN (it is at the start)? */
    public static void poison(final boolean isPoisoned) {
        said("set poison " + (isPoisoned ? 1 : 0));
    }

    /**
     * Is it a breach when work is submitted that touches memory on which work of another stream is under way, one writing,
     * and no event orders the two (it is not at the start)? What has completed by then is no race, so latencies find more. Of a
     * kernel only the places its parameters point to are known, as read.
     */
    public static void races(final boolean areBreaches) {
        said("set races " + (areBreaches ? 1 : 0));
    }

    /**
     * Do kernels and the libraries' functions compute (they do at the start)? Else they are checked and take their latency, and
     * leave memory as it is: for measuring what the host does.
     */
    public static void computing(final boolean isComputing) {
        said("set compute " + (isComputing ? 1 : 0));
    }

    /** The rate of copies; 0: that of the host's memory. */
    public static void copyBytesPerSecond(final long rate) {
        said("set copyBytesPerSecond " + rate);
    }

    /** The {@code nth} call of a function from now (1: the next), and {@code times - 1} more, only give {@code error}. */
    public static void fail(final String function, final long nth, final long times, final int error) {
        said("fail " + function + " " + nth + " " + times + " " + error + " 0");
    }

    /** As {@link #fail}, and the context is lost: all its calls give the error from then on. */
    public static void failAndLose(final String function, final long nth, final int error) {
        said("fail " + function + " " + nth + " 1 " + error + " 1");
    }

    /** The device is gone: its contexts are lost, and no new one can be had until {@link #reset}. */
    public static void loseDevice(final int device, final int error) {
        said("lose " + device + " " + error);
    }

    /** Each call of a function takes at least so long. */
    public static void latencyNs(final String function, final long ns) {
        said("latency " + function + " " + ns);
    }

    /** A kernel that leaves out its last block from now on; an empty name: none does. */
    public static void wrongKernel(final String name) {
        said("wrong " + name);
    }

    /** For the same: forward convolutions by one of cuDNN's algorithms; their latency is that of the execution. */
    public static String convolution(final int algorithm) {
        return "cudnnConvolutionForward:" + algorithm;
    }

    /** How often a function was called, since the process began. */
    public static long calls(final String function) {
        return Long.parseLong(said("calls " + function));
    }

    /** All functions that were called, with the number of calls; {@code "not supported: cuX"} for those that are not there. */
    public static Map<String, Long> functions() {
        return pairs(said("functions"));
    }

    /** What is allocated now: contexts, streams, events, modules, allocations, deviceBytes, physicalBlocks, mappings, ... */
    public static Map<String, Long> counts() {
        return pairs(said("counts"));
    }

    /** {@link #counts()} without what is zero: empty if everything has been given back. */
    public static Map<String, Long> leftOver() {
        final Map<String, Long> counts = counts();
        counts.values().removeIf(number -> number == 0);
        return counts;
    }

    /** What was done wrong since this was last asked: every refusal of a wrong call, every touch of memory that is not there. */
    public static List<String> takeBreaches() {
        return said("breaches").lines().collect(Collectors.toList());
    }

    private static Map<String, Long> pairs(final String text) {
        final Map<String, Long> pairs = new TreeMap<>();
        text.lines().forEach(line -> {
            final int space = line.lastIndexOf(' ');
            pairs.put(line.substring(0, space), Long.parseLong(line.substring(space + 1)));
        });
        return pairs;
    }

    private static String said(final String line) {
        load();
        final String answer = command(line);
        if (answer.startsWith("error: ")) {
            throw new IllegalArgumentException(answer);
        }
        return answer;
    }

    private static native String command(String line);

    /** Loads when it is first used: a second copy of the libraries would have a state of its own. */
    private static final class Libraries {
        static final Runnable LOADED = loadAll();

        private static Runnable loadAll() {
            if (!isBuilt()) {
                throw new IllegalStateException("the stand-ins for CUDA were not built: they need g++ on 64-bit Linux");
            }
            // A folder of this process's own: no other one loads from it, and nothing needs it once the libraries are loaded.
            try {
                final Path folder = Files.createTempDirectory("clockwork-emulated-cuda-");
                for (final String library : LIBRARIES) {
                    System.load(unpacked(folder, library).toString());
                }
                unpacked(folder, KERNELS);
                command("kernels");
                for (final String library : LIBRARIES) {
                    Files.delete(folder.resolve(library));
                }
                Files.delete(folder.resolve(KERNELS));
                Files.delete(folder);
            } catch (final IOException ex) {
                throw new UncheckedIOException(ex);
            }
            return () -> {
                // all was done on the way here
            };
        }

        private static Path unpacked(final Path folder, final String library) throws IOException {
            final Path file = folder.resolve(library);
            try (InputStream in = EmulatedCuda.class.getResourceAsStream(FOLDER + library)) {
                Files.copy(in, file);
            }
            return file;
        }
    }
}
