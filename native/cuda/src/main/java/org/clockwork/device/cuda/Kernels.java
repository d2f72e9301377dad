package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuModuleUnload;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;

/** Our own kernels on one GPU. Loaded when the GPU is opened; immutable afterwards. */
final class Kernels implements AutoCloseable {
    /** Modules and their entry points. */
    static final Map<String, List<String>> MODULES = modules();

    private final Map<String, CUfunction> functions = new LinkedHashMap<>();
    private final List<CUmodule> modules = new ArrayList<>();

    private static Map<String, List<String>> modules() {
        final Map<String, List<String>> all = new LinkedHashMap<>();
        all.put("map", List.of("map", "transpose"));
        all.put("image", List.of("conv_direct", "conv_depthwise", "conv_transposed", "pad_image", "pool_max", "pool_mean",
            "pixels"));
        all.put("rows", List.of("softmax", "layer_norm", "reduce"));
        all.put("table", List.of("gather", "cast"));
        return java.util.Collections.unmodifiableMap(all);
    }

    /** The calling thread has the GPU's context. */
    Kernels() throws CudaException {
        try {
            for (final Map.Entry<String, List<String>> entry : MODULES.entrySet()) {
                final CUmodule module = new CUmodule();
                CudaException.check(cuModuleLoadData(module, ptx(entry.getKey())), "cuModuleLoadData " + entry.getKey());
                modules.add(module);
                for (final String name : entry.getValue()) {
                    final CUfunction function = new CUfunction();
                    CudaException.check(cuModuleGetFunction(function, module, name), "cuModuleGetFunction " + name);
                    functions.put(name, function);
                }
            }
        } catch (final CudaException e) {
            close();
            throw e;
        }
    }

    /** A module's text with a final zero. */
    static byte[] ptx(final String name) {
        try (InputStream in = Kernels.class.getResourceAsStream(name + ".ptx")) {
            if (in == null) {
                throw new IllegalStateException("the kernels are not in the build: " + name + ".ptx");
            }
            final byte[] text = in.readAllBytes();
            return Arrays.copyOf(text, text.length + 1);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    CUfunction function(final String name) {
        return functions.get(name);
    }

    @Override
    public void close() {
        modules.forEach(module -> cuModuleUnload(module));
        modules.clear();
    }
}
