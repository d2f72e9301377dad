package org.clockwork.sim.check;

import org.agrona.collections.Long2LongHashMap;
import org.agrona.concurrent.NanoClock;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;

/**
 * A device that is watched: what it was given and what it hands back, its engines' times against each other, and its
 * memory counted anew. Owned by one agent; allocates nothing once its table has grown.
 */
final class CheckedDevice extends ForwardingDevice {
    private static final long NONE = -1;

    private final String owner;
    private final NanoClock clock;
    private final Findings findings;
    /** Pages of each copy that is loaded. */
    private final Long2LongHashMap pagesOf = new Long2LongHashMap(256, 0.5f, NONE);
    private final Engine execution = new Engine("execution");
    private final Engine copyIn = new Engine("copy in");
    private final Engine loading = new Engine("load");
    private long pagesUsed;
    private int memoryOperations;

    CheckedDevice(final Device device, final String owner, final NanoClock clock, final Findings findings) {
        super(device);
        this.owner = owner;
        this.clock = clock;
        this.findings = findings;
    }

    /** Who owns it. */
    String owner() {
        return owner;
    }

    /** Copies that are loaded. */
    int copyCount() {
        return pagesOf.size();
    }

    /** Pages of a copy, or -1 if it is not loaded. */
    long pagesOf(final long modelId) {
        return pagesOf.get(modelId);
    }

    /** Whether a LOAD or UNLOAD is in it. */
    boolean isMemoryBusy() {
        return memoryOperations > 0;
    }

    @Override
    public boolean start(final Operation operation, final long nowNs) {
        final boolean isTaken = super.start(operation, nowNs);
        if (isTaken && operation.kind != Operation.Kind.INFER) {
            memoryOperations++;
        }
        return isTaken;
    }

    @Override
    void look(final Operation operation) {
        if (operation.kind != Operation.Kind.INFER) {
            memoryOperations--;
        }
        if (operation.startNs != Operation.NOT_REACHED && operation.status != DeviceStatus.DEVICE_LOST) {
            checkTimes(operation);
        }
        if (operation.status == DeviceStatus.OK) {
            checkMemory(operation);
        }
    }

    private void checkTimes(final Operation operation) {
        findings.look(Check.WINDOW);
        final boolean isInfer = operation.kind == Operation.Kind.INFER;
        final long startNs = isInfer ? operation.executeStartNs - operation.copyInNs : operation.executeStartNs;
        if (operation.latestNs != Long.MAX_VALUE && startNs - operation.latestNs > 0) {
            findings.report(Check.WINDOW, text(operation) + " started " + (startNs - operation.latestNs)
                + " ns after its window");
        }
        if (operation.endNs - clock.nanoTime() > 0) {
            findings.report(Check.ENGINE, text(operation) + " was handed back " + (operation.endNs - clock.nanoTime())
                + " ns before its end");
        }
        if (isInfer) {
            check(execution, operation, operation.executeStartNs, operation.executeStartNs + operation.executeNs);
            check(copyIn, operation, operation.startNs, operation.startNs + operation.copyInNs);
        } else if (operation.kind == Operation.Kind.LOAD) {
            check(loading, operation, operation.executeStartNs, operation.endNs);
        }
    }

    private void check(final Engine engine, final Operation operation, final long startNs, final long endNs) {
        findings.look(Check.ENGINE);
        if (engine.isUsed && startNs - engine.endNs < 0) {
            findings.report(Check.ENGINE, text(operation) + ": " + engine.name + " began " + (engine.endNs - startNs)
                + " ns before that of model " + engine.modelId + " ended");
        }
        engine.isUsed = true;
        engine.endNs = endNs;
        engine.modelId = operation.modelId;
    }

    private void checkMemory(final Operation operation) {
        findings.look(Check.PAGES);
        if (operation.kind == Operation.Kind.INFER) {
            if (pagesOf.get(operation.modelId) == NONE) {
                findings.report(Check.PAGES, text(operation) + " ran without its weights");
            }
            return;
        }
        if (operation.kind == Operation.Kind.LOAD) {
            final int pages = operation.model.pages();
            if (pagesOf.put(operation.modelId, pages) != NONE) {
                findings.report(Check.PAGES, text(operation) + " was loaded twice");
            }
            pagesUsed += pages;
        } else {
            final long pages = pagesOf.remove(operation.modelId);
            if (pages == NONE) {
                findings.report(Check.PAGES, text(operation) + " was not there");
            }
            pagesUsed -= Math.max(0, pages);
        }
        if (pagesUsed > totalPages()) {
            findings.report(Check.PAGES, text(operation) + ": used=" + pagesUsed + " owned=" + totalPages());
        } else if (memoryOperations == 0 && pagesUsed + freePages() != totalPages()) {
            findings.report(Check.PAGES, text(operation) + ": used=" + pagesUsed + " free=" + freePages()
                + " owned=" + totalPages());
        }
    }

    private String text(final Operation operation) {
        return owner + " device " + index() + ' ' + operation.kind + " of model " + operation.modelId;
    }

    /** What one engine did last. */
    private static final class Engine {
        private final String name;
        private boolean isUsed;
        private long endNs;
        private long modelId;

        Engine(final String name) {
            this.name = name;
        }
    }
}
