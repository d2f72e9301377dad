package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;
import org.junit.jupiter.api.Test;

/** Large outputs, put together from the bulk lane. */
class OutputsTest {
    private static final long MS = 1_000_000;

    private static void send(final Bench bench, final long id, final int tensor, final byte[] bytes) {
        for (int at = 0; at < bytes.length; at += Protocol.MAX_CHUNK_BYTES) {
            final int end = Math.min(bytes.length, at + Protocol.MAX_CHUNK_BYTES);
            assertTrue(bench.stub.output(id, tensor, at, bytes.length, Arrays.copyOfRange(bytes, at, end)));
        }
    }

    @Test
    void chunksMayComeBeforeTheResponse() {
        final Bench bench = new Bench().connect();
        final long id = bench.infer(new RequestSpec().model(1));
        send(bench, id, 0, RequestsTest.pattern(150_000, 1));
        bench.settle();
        assertTrue(bench.recorder.ends.isEmpty());
        bench.stub.answerLarge(id, 150_000);
        bench.settle();
        assertEquals(Status.OK, bench.recorder.last().status());
        assertArrayEquals(RequestsTest.pattern(150_000, 1), bench.recorder.last().outputs().get(0));
        assertEquals(0, bench.core.outputBytesInUse());
    }

    @Test
    void chunksMayComeAfterTheResponseAndTheEndIsWhenAllAreHere() {
        final Bench bench = new Bench().connect();
        final long id = bench.infer(new RequestSpec().model(1).sloNs(5000));
        final byte[] first = RequestsTest.pattern(100_000, 1);
        final byte[] second = RequestsTest.pattern(12, 2);
        bench.stub.answerLarge(id, 100_012);
        bench.settle();
        send(bench, id, 0, first);
        bench.settle();
        assertTrue(bench.recorder.ends.isEmpty());
        bench.clock.advance(5001);
        send(bench, id, 1, second);
        bench.settle();
        assertEquals(1, bench.recorder.ends.size());
        assertEquals(5001, bench.recorder.last().latencyNs());
        assertEquals(false, bench.recorder.last().isInTime(), "the output belongs to the answer");
        assertArrayEquals(first, bench.recorder.last().outputs().get(0));
        assertArrayEquals(second, bench.recorder.last().outputs().get(1));
        assertEquals(0, bench.core.outputBytesInUse());
        assertEquals(0, bench.core.inFlight());
    }

    @Test
    void missingBytesEndTheRequestAtTheLimit() {
        final Bench bench = new Bench(c -> c.outputTimeoutNs(10 * MS)).connect();
        final long id = bench.infer(new RequestSpec().model(1));
        bench.stub.answerLarge(id, 8);
        bench.stub.output(id, 0, 0, 8, new byte[4]);
        bench.settle().advance(10 * MS - 1);
        assertTrue(bench.recorder.ends.isEmpty());
        bench.advance(1);
        assertEquals(Status.OUTPUT_LOST, bench.recorder.last().status());
        assertEquals(0, bench.recorder.last().outputs().size());
        assertEquals(0, bench.core.outputBytesInUse());
        assertEquals(0, bench.core.abandoned(), "the controller is done with it");
        bench.stub.output(id, 0, 4, 8, new byte[4]);
        bench.settle();
        assertEquals(1, bench.core.counts().staleOutputs());
        assertEquals(1, bench.core.counts().outputsLost());
        assertTrue(bench.stub.cancels.isEmpty());
    }

    @Test
    void aFullArenaIsANamedEnd() {
        final Bench bench = new Bench(c -> c.outputArenaBytes(8192)).connect();
        final long first = bench.infer(new RequestSpec().model(1));
        final long second = bench.infer(new RequestSpec().model(1));
        final long third = bench.infer(new RequestSpec().model(1));
        bench.stub.output(first, 0, 0, 8000, new byte[4000]);
        bench.stub.output(second, 0, 0, 8000, new byte[8000]);
        bench.stub.answerLarge(second, 8000);
        bench.stub.answerLarge(third, 8000);
        bench.settle();
        assertEquals(second, bench.recorder.last().requestId());
        assertEquals(Status.OUTPUT_LOST, bench.recorder.last().status());
        bench.stub.output(third, 0, 0, 8000, new byte[8000]);
        bench.settle();
        assertEquals(third, bench.recorder.last().requestId());
        assertEquals(Status.OUTPUT_LOST, bench.recorder.last().status());
        bench.stub.output(first, 0, 4000, 8000, new byte[4000]);
        bench.stub.answerLarge(first, 8000);
        bench.settle();
        assertEquals(Status.OK, bench.recorder.last().status());
        assertEquals(0, bench.core.outputBytesInUse());
    }

    @Test
    void repeatedSkippingAndContradictingChunksAreDropped() {
        final Bench bench = new Bench().connect();
        final long id = bench.infer(new RequestSpec().model(1));
        final byte[] bytes = RequestsTest.pattern(12, 5);
        bench.stub.output(id, 0, 4, 12, Arrays.copyOfRange(bytes, 4, 8));
        bench.stub.output(id, 1, 0, 12, new byte[12]);
        bench.stub.output(id, 0, 0, 12, Arrays.copyOfRange(bytes, 0, 4));
        bench.stub.output(id, 0, 8, 12, Arrays.copyOfRange(bytes, 8, 12));
        bench.stub.output(id, 0, 4, 13, Arrays.copyOfRange(bytes, 4, 8));
        bench.stub.output(id, 0, -4, 12, new byte[4]);
        bench.stub.output(id, 0, 4, 12, new byte[9]);
        bench.stub.output(id, 0, 4, 12, new byte[0]);
        bench.stub.output(id, 40, 0, 12, new byte[12]);
        bench.stub.output(id, 0, 4, 12, Arrays.copyOfRange(bytes, 4, 12));
        bench.stub.output(id, 0, 0, 12, new byte[12]);
        bench.stub.answerLarge(id, 12);
        bench.settle();
        assertArrayEquals(bytes, bench.recorder.last().outputs().get(0));
        assertEquals(8, bench.core.counts().rejectedOutputs());
        assertEquals(1, bench.core.counts().staleOutputs());
    }

    @Test
    void anOutputThatStartsAgainStartsOver() {
        final Bench bench = new Bench().connect();
        final long id = bench.infer(new RequestSpec().model(1));
        bench.stub.output(id, 0, 0, 12, new byte[6]);
        final byte[] again = RequestsTest.pattern(12, 5);
        bench.stub.output(id, 0, 0, 12, again);
        bench.stub.answerLarge(id, 12);
        bench.settle();
        assertArrayEquals(again, bench.recorder.last().outputs().get(0));
    }

    @Test
    void aSessionThatEndsMeanwhileLosesTheOutputOnly() {
        final Bench bench = new Bench().connect();
        final long id = bench.infer(new RequestSpec().model(1));
        bench.stub.answerLarge(id, 12);
        bench.stub.output(id, 0, 0, 12, new byte[6]);
        bench.settle();
        bench.stub.link.close();
        bench.settle();
        assertEquals(Status.OUTPUT_LOST, bench.recorder.last().status());
        assertEquals(1, bench.recorder.ends.size());
        assertEquals(0, bench.core.outputBytesInUse());
    }

    @Test
    void outputsOfGivenUpRequestsAreDropped() {
        final Bench bench = new Bench().connect();
        final long id = bench.infer(new RequestSpec().model(1).timeoutNs(1000));
        bench.stub.output(id, 0, 0, 12, new byte[6]);
        bench.settle().advance(1000);
        assertEquals(Status.CLIENT_TIMED_OUT, bench.recorder.last().status());
        assertEquals(0, bench.core.outputBytesInUse());
        bench.stub.output(id, 0, 6, 12, new byte[6]);
        bench.settle();
        assertEquals(1, bench.core.counts().staleOutputs());
    }

    @Test
    void aSmallOutputOfAKnownModelIsCutIntoItsTensors() {
        final Bench bench = new Bench().connect();
        final ModelInfo model = ControllerEncoder.model(8, "m", ModelState.READY, new int[] {4}, new int[] {4, 8});
        final byte[] bytes = RequestsTest.pattern(12, 9);
        bench.stub.answer(bench.infer(new RequestSpec().model(model)), bytes);
        bench.settle();
        assertEquals(2, bench.recorder.last().outputs().size());
        assertArrayEquals(Arrays.copyOfRange(bytes, 4, 12), bench.recorder.last().outputs().get(1));
        bench.stub.answer(bench.infer(new RequestSpec().model(1)), bytes);
        bench.settle();
        assertArrayEquals(bytes, bench.recorder.last().outputs().get(0));
    }
}
