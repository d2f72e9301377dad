package org.clockwork.sim.check;

import java.util.function.Consumer;
import org.clockwork.device.Backend;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelSource;
import org.clockwork.device.Operation;

/** A backend whose devices say of their operations what is not so. */
final class LyingBackend extends ForwardingBackend<LyingBackend.LyingDevice> {
    private CompiledModel lastCompiled;

    LyingBackend(final Backend backend, final Consumer<Operation> lie) {
        super(backend, device -> new LyingDevice(device, lie));
    }

    CompiledModel lastCompiled() {
        return lastCompiled;
    }

    @Override
    public CompiledModel compile(final ModelSource source) throws ModelException {
        lastCompiled = super.compile(source);
        return lastCompiled;
    }

    /** Changes what a device hands back. */
    static final class LyingDevice extends ForwardingDevice {
        private final Consumer<Operation> lie;

        LyingDevice(final Device device, final Consumer<Operation> lie) {
            super(device);
            this.lie = lie;
        }

        @Override
        void look(final Operation operation) {
            lie.accept(operation);
        }
    }
}
