package org.clockwork.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.emulated.EmulatedBackend;
import org.clockwork.device.emulated.EmulatedContext;
import org.clockwork.schema.codec.ActionResultDecoder;
import org.clockwork.schema.codec.InferEncoder;
import org.clockwork.schema.codec.InputEncoder;
import org.clockwork.schema.codec.LoadEncoder;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.OutputDecoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.UnloadEncoder;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.MessageHandler;
import org.clockwork.schema.link.memory.MemoryListener;
import org.clockwork.testkit.Allocation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** In steady state the worker's thread allocates nothing for a request, whatever way its bytes go. */
class WorkerAllocationTest implements MessageHandler {
    private static final int WARM_UP = 5_000;
    private static final int CYCLES_EACH = 2;
    private static final long STEP_NS = 600_000;

    private final WorkerRig rig = new WorkerRig(c -> c.backend(new EmulatedBackend(
        new EmulatedContext().memoryBytes(10L << 24).maxBatch(4).profiles(WorkerRig.profiles()))));
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16 * 1024]);
    private final UnsafeBuffer tensor = new UnsafeBuffer(new byte[4000]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final MessageHeaderDecoder received = new MessageHeaderDecoder();
    private final InferEncoder infer = new InferEncoder();
    private final InputEncoder input = new InputEncoder();
    private final LoadEncoder load = new LoadEncoder();
    private final UnloadEncoder unload = new UnloadEncoder();
    private final ActionResultDecoder result = new ActionResultDecoder();
    private MemoryListener listener;
    private long nextId = 1000;
    private long ok;
    private long refused;
    private long outputs;

    @BeforeEach
    void connect() {
        rig.ready();
        rig.controller.installProfile(2, 2, WorkerRig.WIDE, 4);
        rig.settle();
        rig.controller.load(2, rig.now(), rig.now() + 100_000_000, 200, 2);
        rig.advance(6_000_000);
        listener = rig.controller.listener();
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void generatedInputs() {
        assertAllocatesNothing(100_000, () -> infer(100, 0, true));
        assertTrue(ok > 100_000);
    }

    @Test
    void inputsInsideTheInfer() {
        assertAllocatesNothing(20_000, () -> infer(100, 4000, false));
        assertTrue(ok > 20_000);
    }

    @Test
    void inputsAndOutputsOnTheBulkLane() {
        assertAllocatesNothing(3_000, () -> {
            infer(200, 0, false);
            input(2 * nextId);
            input(2 * nextId + 1);
        });
        assertTrue(ok > 3_000);
        assertEquals(ok * 8, outputs, "four to an output of 200,000 bytes, two outputs to a batch");
    }

    @Test
    void refusals() {
        assertAllocatesNothing(20_000, () -> {
            infer(100, 0, true);
            infer(999, 0, true);
            nextId--;
            infer(100, 0, true);
        });
        assertTrue(refused > 40_000);
    }

    @Test
    void loadsAndUnloads() {
        assertAllocatesNothing(20_000, () -> {
            final long id = nextId++;
            load.wrapAndApplyHeader(buffer, 0, header).epoch(1).actionId(id).earliestNs(rig.now())
                .latestNs(rig.now() + 50 * STEP_NS).expectedNs(0).modelId(id % 3 + 300).artifactId(1).deviceIndex(0);
            send(Link.CONTROL, load.encodedLength());
            unload.wrapAndApplyHeader(buffer, 0, header).epoch(1).actionId(nextId++).earliestNs(rig.now())
                .latestNs(rig.now() + 50 * STEP_NS).expectedNs(0).modelId(id % 3 + 300).deviceIndex(0);
            send(Link.CONTROL, unload.encodedLength());
        });
        assertTrue(ok > 1000, "ok=" + ok);
    }

    @Override
    public void onMessage(final Link link, final int lane, final DirectBuffer message, final int offset, final int length) {
        received.wrap(message, offset);
        if (received.templateId() == ActionResultDecoder.TEMPLATE_ID) {
            result.wrapAndApplyHeader(message, offset, received);
            if (result.status() == Status.OK) {
                ok++;
            } else {
                refused++;
            }
        } else if (received.templateId() == OutputDecoder.TEMPLATE_ID) {
            outputs++;
        }
    }

    /** Asks so many times; less than one byte each. */
    private void assertAllocatesNothing(final int times, final Runnable ask) {
        cycle(WARM_UP, ask);
        final long bytes = Allocation.bytesOf(() -> cycle(times, ask));
        cycle(100, () -> { });
        assertTrue(bytes < times, "bytes=" + bytes);
        assertEquals("", rig.errors.toString());
    }

    private void cycle(final int times, final Runnable ask) {
        for (int i = 0; i < times * CYCLES_EACH; i++) {
            rig.clock.advance(STEP_NS);
            if (i % CYCLES_EACH == 0) {
                ask.run();
            }
            if (i % 64 == 0) {
                rig.controller.beat(1, 0, 0);
            }
            for (int k = 0; k < 2; k++) {
                rig.agent.doWork(rig.now());
                listener.poll(Link.CONTROL, this, 100);
                listener.poll(Link.BULK, this, 100);
            }
        }
    }

    private void infer(final long modelId, final int inlineBytes, final boolean isGenerated) {
        final long id = nextId++;
        infer.wrapAndApplyHeader(buffer, 0, header).epoch(1).actionId(id).earliestNs(rig.now())
            .latestNs(rig.now() + 4 * STEP_NS).expectedNs(0).modelId(modelId).deviceIndex(0).batchSize(2);
        final InferEncoder.RequestsEncoder group = infer.requestsCount(2);
        for (int i = 0; i < 2; i++) {
            group.next().requestId(2 * nextId + i).seed(id).inputBytes(4000)
                .flags().clear().generatedInput(isGenerated).omitOutput(false);
            group.putInput(tensor, 0, inlineBytes);
        }
        send(Link.CONTROL, infer.encodedLength());
    }

    private void input(final long requestId) {
        input.wrapAndApplyHeader(buffer, 0, header).sessionId(0).requestId(requestId).position(0).totalLength(4000)
            .tensorIndex(0).putBytes(tensor, 0, 4000);
        send(Link.BULK, input.encodedLength());
    }

    private void send(final int lane, final int bodyLength) {
        if (!rig.controller.link.offer(lane, buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + bodyLength)) {
            throw new AssertionError("lane " + lane + " is full");
        }
    }
}
