package org.clockwork.schema.link.aeron;

import io.aeron.Aeron;
import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.agrona.CloseHelper;
import org.agrona.concurrent.YieldingIdleStrategy;

/** A media driver of its own with one client, in a directory of its own, impatient so that tests are quick. */
final class EmbeddedAeron implements AutoCloseable {
    /** Longer than the 100 ms after which an idle publication says that it was revoked, or it would be gone before. */
    private static final long TIMER_INTERVAL_NS = 120_000_000L;

    final MediaDriver driver;
    final Aeron aeron;
    final Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
    private final boolean isInvoked;

    EmbeddedAeron(final ThreadingMode threadingMode) {
        isInvoked = threadingMode == ThreadingMode.INVOKER;
        driver = MediaDriver.launch(new MediaDriver.Context()
            .aeronDirectoryName(CommonContext.generateRandomDirName())
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true)
            .threadingMode(threadingMode)
            .sharedIdleStrategy(YieldingIdleStrategy.INSTANCE)
            .counterValuesBufferLength(1024 * 1024)
            .statusMessageTimeoutNs(2_000_000)
            .timerIntervalNs(TIMER_INTERVAL_NS)
            .errorHandler(errors::add));
        final Aeron.Context context = new Aeron.Context()
            .aeronDirectoryName(driver.aeronDirectoryName())
            .resourceLingerDurationNs(10_000_000)
            .errorHandler(errors::add);
        if (isInvoked) {
            context.useConductorAgentInvoker(true).driverAgentInvoker(driver.sharedAgentInvoker());
        } else {
            context.idleStrategy(YieldingIdleStrategy.INSTANCE);
        }
        aeron = Aeron.connect(context);
    }

    /** Lets driver and client work, if nobody else does. */
    void step() {
        if (isInvoked) {
            driver.sharedAgentInvoker().invoke();
            aeron.conductorAgentInvoker().invoke();
        } else {
            Thread.yield();
        }
    }

    @Override
    public void close() {
        CloseHelper.closeAll(aeron, driver);
    }
}
