package org.clockwork.device.emulated;

import java.util.ArrayList;
import java.util.List;
import org.agrona.BufferUtil;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.Backend;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;

/**
 * Devices that take the time of a profile table and compute nothing, so that the rest of the system can be run, tested and
 * measured at any scale without a GPU. Its devices are owned by one agent; {@link #compile} may be called by any thread.
 */
public final class EmulatedBackend implements Backend {
    private static final int CACHE_LINE = 64;

    private final ProfileTable profiles;
    private final int maxBatch;
    private final int totalPages;
    private final List<EmulatedDevice> devices = new ArrayList<>();

    /** The devices of a context, which is concluded here unless it was. */
    public EmulatedBackend(final EmulatedContext context) {
        if (!context.isConcluded()) {
            context.conclude();
        }
        profiles = context.profiles();
        maxBatch = context.maxBatch();
        totalPages = (int) (context.memoryBytes() / Device.PAGE_BYTES);
        for (int i = 0; i < context.devices(); i++) {
            devices.add(new EmulatedDevice(context, i));
        }
    }

    @Override
    public String name() {
        return "emulated";
    }

    @Override
    public boolean isEmulated() {
        return true;
    }

    @Override
    public List<Device> devices() {
        return List.copyOf(devices);
    }

    /** A device as what it is, for those that inject faults. */
    public EmulatedDevice device(final int index) {
        return devices.get(index);
    }

    @Override
    public CompiledModel compile(final ModelSource source) throws ModelException {
        if (source.profileName() == null) {
            throw new ModelException(ModelException.Reason.UNKNOWN_PROFILE, "An emulated device runs no files: register the "
                + "model with the name of a profile, such as resnet50_v2, or use a device that computes.");
        }
        final Profile profile = profiles.find(source.profileName());
        if (profile == null) {
            throw new ModelException(ModelException.Reason.UNKNOWN_PROFILE, "The emulated devices' table has no profile '"
                + source.profileName() + "'; it has " + some(profiles.names()) + ".");
        }
        if (profile.pages() > totalPages) {
            throw new ModelException(ModelException.Reason.TOO_LARGE, "The weights of " + profile.name() + " take "
                + profile.pages() + " pages, but a device has " + totalPages + ".");
        }
        if (source.maxBatch() < 1) {
            throw new ModelException(ModelException.Reason.COMPILE_FAILED, "The largest batch is " + source.maxBatch()
                + ", but it has to be at least 1.");
        }
        return new EmulatedModel(profile, Math.min(source.maxBatch(), Math.min(profile.maxBatch(), maxBatch)));
    }

    @Override
    public MutableDirectBuffer allocateHost(final long bytes) {
        if (bytes < 0 || bytes > Integer.MAX_VALUE - CACHE_LINE) {
            throw new IllegalArgumentException("host memory comes in blocks below 2 GiB, not " + bytes + " bytes");
        }
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned((int) bytes, CACHE_LINE));
    }

    @Override
    public void close() {
        for (final EmulatedDevice device : devices) {
            device.close();
        }
    }

    private static String some(final List<String> names) {
        final int shown = 5;
        return names.size() <= shown ? String.join(", ", names)
            : String.join(", ", names.subList(0, shown)) + " and " + (names.size() - shown) + " more";
    }
}
