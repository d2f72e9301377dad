package org.clockwork.device.cpu;

import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.engine.DeviceHealth;
import org.clockwork.device.engine.Engine;
import org.clockwork.device.engine.Work;

/**
 * An engine that runs an operation from start to end in one turn. What goes wrong inside ends that operation, not the
 * engine; what leaves the process in doubt ends the device.
 */
abstract class CpuEngine extends Engine<LoadedModel> {
    CpuEngine(final String name, final int depth, final DeviceHealth health, final NanoClock clock,
        final IdleStrategy strategy) {
        super(name, depth, health, clock, strategy);
    }

    @Override
    protected final void take(final Work<LoadedModel> work) {
        DeviceStatus status;
        String detail = null;
        try {
            status = run(work);
        } catch (final Throwable e) {
            status = DeviceStatus.FAILED;
            detail = e.getMessage() == null ? e.toString() : e.getMessage();
            if (e instanceof VirtualMachineError || e instanceof LinkageError || e instanceof LostException) {
                lose(e);
                status = DeviceStatus.DEVICE_LOST;
            }
        }
        finish(work, status, detail);
    }

    /** Runs one operation, sets its stamps, and tells how it ended. */
    abstract DeviceStatus run(Work<LoadedModel> work) throws Exception;

    /** The device can't go on: its memory is not what it promised. */
    static final class LostException extends Exception {
        private static final long serialVersionUID = 1L;

        LostException(final String message, final Throwable cause) {
            super(message, cause);
        }
    }
}
