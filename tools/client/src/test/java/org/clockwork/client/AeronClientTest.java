package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.Aeron;
import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.aeron.AeronLinks;
import org.clockwork.schema.link.aeron.AeronListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The client on its own thread, over real Aeron UDP, against the scripted controller. */
class AeronClientTest {
    private static final long GIVE_UP_NS = 20_000_000_000L;
    private static final ModelInfo MODEL = ControllerEncoder.model(
        5, "m", ModelState.READY, new int[] {300_000}, new int[] {200_000});

    private MediaDriver driver;
    private Aeron aeron;
    private AeronListener listener;
    private ControllerStub stub;
    private String endpoint;
    private int answered;
    private int listed;

    @BeforeEach
    void launch() throws IOException {
        driver = MediaDriver.launch(new MediaDriver.Context()
            .aeronDirectoryName(CommonContext.generateRandomDirName())
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true)
            .threadingMode(ThreadingMode.SHARED)
            .counterValuesBufferLength(1024 * 1024)
            .timerIntervalNs(120_000_000L));
        aeron = Aeron.connect(new Aeron.Context()
            .aeronDirectoryName(driver.aeronDirectoryName()).useConductorAgentInvoker(true));
        endpoint = freeEndpoint();
        listen();
    }

    @AfterEach
    void close() {
        CloseHelper.closeAll(listener, aeron, driver);
    }

    private void listen() {
        listener = new AeronListener(new AeronLinks.Context().aeron(aeron).clientStreams().endpoint(endpoint));
        stub = new ControllerStub(listener);
        // Patient, because the machine may be busy with other things.
        stub.grant = new ControllerStub.Grant(16, 64 << 20, 1024, 50_000_000, 5_000_000_000L);
        answered = 0;
        listed = 0;
    }

    private static String freeEndpoint() throws IOException {
        for (int attempt = 0; attempt < 100; attempt++) {
            try (DatagramSocket first = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
                DatagramSocket second = new DatagramSocket(
                    new InetSocketAddress("127.0.0.1", Math.min(65535, first.getLocalPort() + 1)))) {
                return "127.0.0.1:" + (second.getLocalPort() - 1);
            } catch (final IOException ex) {
                // The next port is taken: another attempt.
                assertTrue(attempt < 99, "no two free ports in a row");
            }
        }
        throw new IOException("no two free ports in a row");
    }

    private ClockworkClient.Context context() {
        return new ClockworkClient.Context().endpoints(endpoint).aeronDirectoryName(driver.aeronDirectoryName());
    }

    /** Works as the controller until something holds. */
    private void serveUntil(final String what, final BooleanSupplier condition) {
        final long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - startNs > GIVE_UP_NS) {
                throw new AssertionError("gave up waiting: " + what);
            }
            aeron.conductorAgentInvoker().invoke();
            if (stub.poll() == 0) {
                LockSupport.parkNanos(20_000);
            }
            while (listed < stub.queries.size()) {
                stub.send(stub.encoder.model(stub.sessionId, stub.queries.get(listed), MODEL));
                stub.send(stub.encoder.queryEnd(stub.sessionId, stub.queries.get(listed++), Status.OK, 1));
            }
            answerTheNext();
        }
    }

    /** Sends the first 200,000 bytes of a request's input back. */
    private void answerTheNext() {
        if (answered == stub.requests.size()) {
            return;
        }
        final long id = stub.requests.get(answered).requestId();
        final UnsafeBuffer input = new UnsafeBuffer(new byte[300_000]);
        int received = 0;
        for (final ControllerStub.Input part : stub.inputs) {
            if (part.requestId() == id) {
                input.putBytes(part.position(), part.bytes());
                received += part.bytes().length;
            }
        }
        if (received < 300_000) {
            return;
        }
        answered++;
        for (int at = 0; at < 200_000; at += 50_000) {
            final byte[] part = new byte[50_000];
            input.getBytes(at, part);
            while (!stub.output(id, 0, at, 200_000, part)) {
                Thread.onSpinWait();
            }
        }
        while (!stub.answerLarge(id, 200_000)) {
            Thread.onSpinWait();
        }
    }

    @Test
    void largeTensorsGoRoundAndARestartedControllerIsFoundAgain() {
        try (ClockworkClient client = ClockworkClient.launch(context())) {
            serveUntil("connected", () -> client.state() == ClientState.CONNECTED);
            inferSome(client);
            listener.close();
            serveWithoutController(() -> client.state() != ClientState.CONNECTED);
            listen();
            serveUntil("connected again", () -> client.state() == ClientState.CONNECTED);
            inferSome(client);
            final CompletableFuture<ClientCounts> counts = client.counts();
            serveUntil("counted", counts::isDone);
            assertEquals(2, counts.join().sessions());
            assertEquals(40, counts.join().answered());
        }
    }

    private void serveWithoutController(final BooleanSupplier condition) {
        final long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - startNs < GIVE_UP_NS, "the loss was not noticed");
            aeron.conductorAgentInvoker().invoke();
            LockSupport.parkNanos(20_000);
        }
    }

    private void inferSome(final ClockworkClient client) {
        final List<CompletableFuture<Answer>> answers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            answers.add(client.infer(InferCall.model("m").bytes(ByteBuffer.wrap(RequestsTest.pattern(300_000, i)))));
        }
        serveUntil("answered", () -> answers.stream().allMatch(CompletableFuture::isDone));
        for (int i = 0; i < 20; i++) {
            final byte[] output = new byte[200_000];
            answers.get(i).join().orThrow().output(0).get(output);
            final byte[] expected = new byte[200_000];
            System.arraycopy(RequestsTest.pattern(300_000, i), 0, expected, 0, 200_000);
            assertArrayEquals(expected, output);
        }
    }

    @Test
    void aRefusalThatWillNotPassEndsConnectingAtOnce() {
        stub.connectStatus = Status.AUTHENTICATION_FAILED;
        stub.connectDetail = "no such user";
        final CompletableFuture<ClockworkClient> connecting = CompletableFuture.supplyAsync(
            () -> ClockworkClient.connect(context().connectTimeoutNs(GIVE_UP_NS)));
        serveUntil("refused", connecting::isDone);
        final Throwable cause = assertThrows(CompletionException.class, connecting::join).getCause();
        assertEquals(Status.AUTHENTICATION_FAILED, ((ClientException) cause).status());
        assertTrue(cause.getMessage().contains("no such user"), cause.getMessage());
    }

    @Test
    void connectingToNobodySaysSo() {
        listener.close();
        final ClientException ex = assertThrows(ClientException.class, () -> ClockworkClient.connect(
            context().connectTimeoutNs(200_000_000).maxBackOffNs(50_000_000)));
        assertEquals(Status.PEER_SILENT, ex.status());
        assertTrue(ex.getMessage().contains(endpoint), ex.getMessage());
    }
}
