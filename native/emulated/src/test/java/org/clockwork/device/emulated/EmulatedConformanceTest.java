package org.clockwork.device.emulated;

import java.util.Map;
import org.clockwork.device.Backend;
import org.clockwork.device.Device;
import org.clockwork.device.ModelSource;
import org.clockwork.device.conformance.DeviceConformance;
import org.clockwork.testkit.ManualClock;

/** The emulated device keeps the port's contract on a clock that jumps to the next wake. */
final class EmulatedConformanceTest extends DeviceConformance {
    private final ManualClock clock = new ManualClock(1);

    @Override
    protected Backend openBackend(final int pages) {
        return new EmulatedBackend(new EmulatedContext().memoryBytes((long) pages * Device.PAGE_BYTES)
            .profiles(ProfileTable.zero().with(Profile.parse("1:weights=16MiB,load=1ms,input=64,output=64,b1=2ms,b16=5ms"),
                Profile.parse("2:weights=32MiB,load=2ms,input=64,output=3,b1=2ms,b16=5ms"),
                Profile.parse("3:weights=33MiB,load=3ms,input=7,output=64,b1=2ms,b16=5ms"))));
    }

    @Override
    protected ModelSource source(final int pages) {
        return new ModelSource("key", null, Integer.toString(pages), Map.of(), 8);
    }

    @Override
    protected long nowNs() {
        return clock.nanoTime();
    }

    @Override
    protected void letWork(final Device device) {
        clock.set(device.nextWakeNs());
    }
}
