package org.clockwork.bench;

import io.aeron.Aeron;
import io.aeron.CommonContext;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.BufferClaim;
import io.aeron.logbuffer.FragmentHandler;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.clockwork.schema.link.Dialer;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.LinkObserver;
import org.clockwork.schema.link.Listener;
import org.clockwork.schema.link.MessageHandler;
import org.clockwork.schema.link.aeron.AeronDialer;
import org.clockwork.schema.link.aeron.AeronLinks;
import org.clockwork.schema.link.aeron.AeronListener;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the link port costs over Aeron itself: a batch of small messages is claimed and committed, or polled, through
 * the port and directly. The driver works between the batches and is not measured. Medians are meant, as other work on the
 * machine spoils means.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--add-opens", "java.base/jdk.internal.misc=ALL-UNNAMED"})
public class LinkBenchmark {
    private static final int BATCH = 200;
    private static final int LENGTH = 64;
    private static final int ENDPOINT_PORT = 24_817;
    private static final int DIRECT_PORT = 24_827;
    private static final int LINKS = 1_000;
    private static final LinkObserver IGNORED = new LinkObserver() {
        @Override
        public void onLinkUp(final Link link) {
        }

        @Override
        public void onLinkDown(final Link link) {
        }
    };

    /** One driver, one link of the port and one plain stream, all on the benchmark's thread. */
    @State(Scope.Thread)
    public abstract static class AeronStreams {
        final BufferClaim claim = new BufferClaim();
        long polled;
        final MessageHandler messageHandler = (link, lane, buffer, offset, length) -> polled += buffer.getLong(offset);
        final FragmentHandler fragmentHandler = (buffer, offset, length, header) -> polled += buffer.getLong(offset);
        MediaDriver driver;
        Aeron aeron;
        Listener listener;
        Dialer dialer;
        Link link;
        Subscription subscription;
        ExclusivePublication publication;

        /** Connects both. */
        @Setup(Level.Trial)
        public void connect() {
            driver = MediaDriver.launch(new MediaDriver.Context()
                .aeronDirectoryName(CommonContext.generateRandomDirName())
                .dirDeleteOnShutdown(true)
                .threadingMode(ThreadingMode.INVOKER));
            aeron = Aeron.connect(new Aeron.Context()
                .aeronDirectoryName(driver.aeronDirectoryName())
                .useConductorAgentInvoker(true)
                .driverAgentInvoker(driver.sharedAgentInvoker()));
            final String endpoint = "127.0.0.1:" + ENDPOINT_PORT;
            listener = new AeronListener(new AeronLinks.Context().aeron(aeron).workerStreams().endpoint(endpoint));
            dialer = new AeronDialer(new AeronLinks.Context().aeron(aeron).workerStreams());
            link = dialer.dial(endpoint);
            final String channel = "aeron:udp?endpoint=127.0.0.1:" + DIRECT_PORT;
            subscription = aeron.addSubscription(channel, 7);
            publication = aeron.addExclusivePublication(
                channel + "|mtu=" + AeronLinks.LOOPBACK_CONTROL_MTU + "|term-length=512k", 7);
            while (!link.isConnected() || !publication.isConnected() || listener.linkCount() == 0) {
                work();
            }
        }

        /** Closes all. */
        @TearDown(Level.Trial)
        public void close() {
            CloseHelper.closeAll(dialer, listener, publication, subscription, aeron, driver);
        }

        void work() {
            driver.sharedAgentInvoker().invoke();
            aeron.conductorAgentInvoker().invoke();
            listener.poll(IGNORED);
            dialer.poll();
        }

        void drain() {
            for (int i = 0; i < 8; i++) {
                work();
                while (listener.poll(Link.CONTROL, messageHandler, BATCH) + subscription.poll(fragmentHandler, BATCH) > 0) {
                    work();
                }
            }
        }
    }

    /** Room for a batch in both streams. */
    @State(Scope.Thread)
    public static class Sending extends AeronStreams {
        /** Empties the streams. */
        @Setup(Level.Invocation)
        public void empty() {
            drain();
        }
    }

    /** A batch has arrived in both streams. */
    @State(Scope.Thread)
    public static class Receiving extends AeronStreams {
        /** Sends it and lets it cross. */
        @Setup(Level.Invocation)
        public void fill() {
            drain();
            for (int i = 0; i < BATCH; i++) {
                if (!link.tryClaim(Link.CONTROL, LENGTH, claim)) {
                    throw new IllegalStateException("port refused");
                }
                claim.commit();
                while (publication.tryClaim(LENGTH, claim) < 0) {
                    work();
                }
                claim.commit();
            }
            for (int i = 0; i < 8; i++) {
                work();
            }
        }
    }

    /** Claim and commit through the port. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void claimThroughPort(final Sending streams) {
        for (int i = 0; i < BATCH; i++) {
            if (streams.link.tryClaim(Link.CONTROL, LENGTH, streams.claim)) {
                streams.claim.buffer().putLong(streams.claim.offset(), i);
                streams.claim.commit();
            }
        }
    }

    /** Claim and commit on Aeron's publication. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void claimDirectly(final Sending streams) {
        for (int i = 0; i < BATCH; i++) {
            if (streams.publication.tryClaim(LENGTH, streams.claim) > 0) {
                streams.claim.buffer().putLong(streams.claim.offset(), i);
                streams.claim.commit();
            }
        }
    }

    /** Poll through the port. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int pollThroughPort(final Receiving streams) {
        int polled = 0;
        for (int i = 0; i < BATCH / 10; i++) {
            polled += streams.listener.poll(Link.CONTROL, streams.messageHandler, 10);
        }
        return polled;
    }

    /** Poll Aeron's subscription. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int pollDirectly(final Receiving streams) {
        int polled = 0;
        for (int i = 0; i < BATCH / 10; i++) {
            polled += streams.subscription.poll(streams.fragmentHandler, 10);
        }
        return polled;
    }

    /** An in-memory listener with a thousand links, of which a few are busy at any time. */
    @State(Scope.Thread)
    public static class MemoryLinks {
        final Link[] links = new Link[LINKS];
        final BufferClaim claim = new BufferClaim();
        long nowNs;
        long polled;
        int next;
        final MessageHandler handler = (link, lane, buffer, offset, length) -> polled += buffer.getLong(offset);
        final MemoryNetwork network = new MemoryNetwork(() -> nowNs, (from, to, lane, length, atNs) -> 50_000 + from % 7 * 100L);
        final Listener listener = network.listen("controller");

        /** Dials a thousand times. */
        @Setup(Level.Trial)
        public void connect() {
            final Dialer[] dialers = new Dialer[links.length];
            for (int i = 0; i < links.length; i++) {
                dialers[i] = network.dialer("worker-" + i);
                links[i] = dialers[i].dial("controller");
            }
            nowNs += 1_000_000;
            listener.poll(IGNORED);
            nowNs += 1_000_000;
            for (final Dialer dialer : dialers) {
                dialer.poll();
            }
        }
    }

    /** Claim, commit, jump to the delivery and poll, in memory: what a message costs a simulation. */
    @Benchmark
    public long messageInMemory(final MemoryLinks memory) {
        memory.next = memory.next + 37 < memory.links.length ? memory.next + 37 : memory.next + 37 - memory.links.length;
        memory.nowNs += 1_000;
        if (memory.links[memory.next].tryClaim(Link.CONTROL, LENGTH, memory.claim)) {
            memory.claim.buffer().putLong(memory.claim.offset(), memory.nowNs);
            memory.claim.commit();
        }
        if (memory.network.nextDeliveryNs() - memory.nowNs <= 0) {
            memory.listener.poll(Link.CONTROL, memory.handler, 10);
        }
        return memory.polled;
    }
}
