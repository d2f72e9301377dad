package org.clockwork.worker.session;

import java.util.List;
import org.clockwork.worker.executor.DeviceExecutor;
import org.clockwork.worker.executor.LoadedModel;
import org.clockwork.worker.link.ControllerPublisher;

/** Walks over what all devices hold while it is sent in parts. Owned by the worker agent. */
public final class InventoryCursor {
    private final List<DeviceExecutor> executors;
    private final int partSize;
    private int device;
    private int model;

    /** A cursor over the devices, in the order of their index. */
    public InventoryCursor(final List<DeviceExecutor> executors, final int partSize) {
        this.executors = executors;
        this.partSize = partSize;
    }

    void reset() {
        device = 0;
        model = 0;
    }

    /**
     * Sends the next part; one part at least is sent.
     *
     * @return false if the link took it not: call again.
     */
    boolean sendPart(final ControllerPublisher publisher, final long incarnation) {
        int left = 0;
        for (int i = device; i < executors.size(); i++) {
            left += executors.get(i).models().size();
        }
        left -= model;
        final int count = Math.min(left, partSize);
        publisher.beginInventory(incarnation, count, count == left);
        int atDevice = device;
        int atModel = model;
        for (int i = 0; i < count; i++) {
            while (atModel == executors.get(atDevice).models().size()) {
                atDevice++;
                atModel = 0;
            }
            final LoadedModel entry = executors.get(atDevice).models().get(atModel++);
            publisher.addToInventory(
                atDevice, entry.modelId(), entry.artifact().compiled().pages(), entry.artifact().key());
        }
        if (!publisher.sendInventory()) {
            return false;
        }
        device = count == left ? executors.size() : atDevice;
        model = count == left ? 0 : atModel;
        return true;
    }

    boolean isDone() {
        return device == executors.size();
    }
}
