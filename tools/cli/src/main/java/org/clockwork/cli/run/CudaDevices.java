package org.clockwork.cli.run;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.SystemNanoClock;
import org.clockwork.device.Backend;
import org.clockwork.device.cuda.CudaBackend;

/** Opens the CUDA device, on this machine's GPUs or on stand-ins for their driver. Used by the launching thread. */
public final class CudaDevices {
    private static final String STAND_INS = "org.clockwork.emulatedcuda.EmulatedCuda";
    private static final long EMULATED_MEMORY = 1L << 30;
    /** Workspace, I/O slots and what libraries take. */
    private static final long EMULATED_REST = 1L << 30;

    private CudaDevices() {
    }

    /**
     * Opens them.
     *
     * @param memoryBytes for weights; 0 for the default.
     * @throws UserError with a sentence and the exit code of wrong usage when there is no driver, or no stand-in.
     */
    public static Backend open(final boolean isEmulated, final int emulatedGpus, final long memoryBytes,
        final Path cacheDirectory, final ErrorHandler errors) {
        final CudaBackend.Context context = new CudaBackend.Context().cacheDirectory(cacheDirectory)
            .clock(SystemNanoClock.INSTANCE).errorHandler(errors).emulated(isEmulated);
        if (memoryBytes > 0) {
            context.memoryBytes(memoryBytes);
        }
        if (isEmulated) {
            final long weights = memoryBytes > 0 ? memoryBytes : EMULATED_MEMORY;
            context.memoryBytes(weights);
            useStandIns(emulatedGpus, weights + EMULATED_REST);
        }
        try {
            return new CudaBackend(context);
        } catch (final UnsupportedOperationException e) {
            throw new UserError(UserError.USAGE, e.getMessage(), e);
        } catch (final IllegalStateException e) {
            throw new UserError(e.getMessage(), e);
        }
    }

    /** The stand-ins are no part of what is shipped: they are there, or not. */
    private static void useStandIns(final int gpus, final long memoryBytes) {
        try {
            final Class<?> standIns = Class.forName(STAND_INS);
            if (!(boolean) standIns.getMethod("isBuilt").invoke(null)) {
                throw new UserError(UserError.USAGE, "The stand-ins for the CUDA driver are not built: that takes g++ on 64-bit "
                    + "Linux; see native/cuda/README.md.", null);
            }
            standIns.getMethod("load").invoke(null);
            final Method devices = standIns.getMethod("devices", int.class);
            devices.invoke(null, gpus);
            standIns.getMethod("memoryBytes", long.class).invoke(null, memoryBytes);
            standIns.getMethod("poison", boolean.class).invoke(null, false);
        } catch (final ClassNotFoundException e) {
            throw new UserError(UserError.USAGE,
                "The stand-ins for the CUDA driver are not in this build: see native/cuda/README.md.", e);
        } catch (final NoSuchMethodException | IllegalAccessException e) {
            throw new UserError("The stand-ins for the CUDA driver are of another build: " + e, e);
        } catch (final InvocationTargetException e) {
            throw new UserError("The stand-ins for the CUDA driver can't be used: " + e.getCause(), e.getCause());
        }
    }
}
