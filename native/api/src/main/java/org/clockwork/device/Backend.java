package org.clockwork.device;

import java.util.List;
import org.agrona.MutableDirectBuffer;

/** One kind of device as a worker owns it. {@link #compile} is called off the agents; the rest by the owning agent. */
public interface Backend extends AutoCloseable {
    /** cpu, emulated or cuda. */
    String name();

    /** Whether its devices are emulations: wherever their figures appear, they are named so. */
    boolean isEmulated();

    /** Whether outputs are computed from inputs. An emulation that only takes time computes nothing. */
    default boolean isComputing() {
        return !isEmulated();
    }

    /** The devices in the order of their index. */
    List<Device> devices();

    /**
     * Makes a model ready for LOAD: its compiled form and its weights in host memory. Slow; called by one low-priority
     * thread, never by an agent. Not affected by what the devices are doing.
     *
     * @throws ModelException when the model can't be run here; nothing is left behind.
     */
    CompiledModel compile(ModelSource source) throws ModelException;

    /** Allocates host memory from which this backend copies fast (pinned for a GPU); freed when the backend closes. */
    MutableDirectBuffer allocateHost(long bytes);

    @Override
    void close();
}
