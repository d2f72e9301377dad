package org.clockwork.cli.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.agrona.CloseHelper;
import org.agrona.concurrent.SystemNanoClock;
import org.clockwork.cli.run.AgentHost;
import org.clockwork.cli.run.CudaDevices;
import org.clockwork.cli.run.ControllerNode;
import org.clockwork.cli.run.ErrorPrinter;
import org.clockwork.cli.run.FreePorts;
import org.clockwork.cli.run.IdleMode;
import org.clockwork.cli.run.ThreadingMode;
import org.clockwork.cli.run.ThreadingPlan;
import org.clockwork.client.Answer;
import org.clockwork.client.ClientState;
import org.clockwork.client.ClockworkClient;
import org.clockwork.client.InferCall;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.RegisterSpec;
import org.clockwork.controller.Controller;
import org.clockwork.device.Backend;
import org.clockwork.device.Device;
import org.clockwork.emulatedcuda.EmulatedCuda;
import org.clockwork.model.zoo.ModelZoo;
import org.clockwork.schema.link.aeron.AeronDialer;
import org.clockwork.schema.link.aeron.AeronLinks;
import org.clockwork.worker.Worker;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Client, controller, and a worker with the CUDA device on the stand-ins: models that don't fit its memory together are all
 * served, rightly; nothing is left allocated, and no call was wrong.
 */
@Tag("system")
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class CudaSystemTest {
    /** One of the large models and the small one. */
    private static final int PAGES = 5;
    private static final int NAMES = 3;
    private static final int REQUESTS = 60;
    private static final int IN_FLIGHT = 6;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final double TOLERANCE = 1e-3;
    @TempDir
    private Path directory;

    private AgentHost start(final int port, final Backend backend, final ErrorPrinter errors) {
        final ThreadingPlan plan = ThreadingPlan.choose(ThreadingMode.SHARED, IdleMode.BACKOFF, 2, 2, 2);
        return AgentHost.start("cuda-test", null, plan, errors, List.of(
            aeron -> ControllerNode.start(aeron, "localhost:" + port, "localhost:" + (port + 2),
                new Controller.Context().directory(directory.resolve("controller")).timeoutNs(TIMEOUT_NS), errors),
            aeron -> Worker.launch(new Worker.Context()
                .name("cuda").controllers(List.of("localhost:" + (port + 2)))
                .storeDirectory(directory.resolve("store")).incarnation(1)
                .dialer(new AeronDialer(new AeronLinks.Context().aeron(aeron).workerStreams().errorHandler(errors)))
                .backend(backend).nanoClock(SystemNanoClock.INSTANCE).errorHandler(errors)).agent()));
    }

    @Test
    void modelsThatDoNotFitTogetherAreServed() throws Exception {
        EmulatedCuda.load();
        EmulatedCuda.reset();
        EmulatedCuda.takeBreaches();
        final int port = FreePorts.find();
        final Path resnet = directory.resolve("resnet.onnx");
        final Path perceptron = directory.resolve("mlp.onnx");
        new ModelZoo().write("resnet18-64", 1, resnet);
        new ModelZoo().write("mlp", 1, perceptron);
        try (ErrorPrinter errors = new ErrorPrinter(System.err, "cuda-test", true)) {
            final Backend backend = CudaDevices.open(true, 1, (long) PAGES * Device.PAGE_BYTES, directory.resolve("compiled"),
                errors);
            final AgentHost host = start(port, backend, errors);
            try (ClockworkClient client = ClockworkClient.connect(new ClockworkClient.Context()
                .endpoints("localhost:" + port).aeronDirectoryName(host.aeronDirectory()))) {
                while (client.state() != ClientState.CONNECTED || client.status().get().workers().isEmpty()) {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
                }
                client.register(RegisterSpec.file("resnet", resnet).count(NAMES).maxBatch(2)).get();
                client.register(RegisterSpec.file("mlp", perceptron).maxBatch(2)).get();
                serve(client, resnet, perceptron);
                assertTrue(client.status().get().workers().get(0).devices().get(0).isEmulated());
            } finally {
                CloseHelper.quietClose(host);
            }
        }
        assertTrue(measuredAlgorithms() > 0, "PROFILEs have measured convolutions");
        assertEquals(Map.of(), EmulatedCuda.leftOver());
        assertEquals(List.of(), EmulatedCuda.takeBreaches());
    }

    private long measuredAlgorithms() throws IOException {
        long count = 0;
        try (Stream<Path> files = Files.list(directory.resolve("compiled"))) {
            for (final Path file : files.filter(name -> name.toString().endsWith(".algorithms")).toList()) {
                count += Files.readAllLines(file).stream().skip(1).filter(line -> line.matches("\\d+:\\d+=\\d+")).count();
            }
        }
        return count;
    }

    /** What was asked and what will come. */
    private record Asked(Path file, float[] input, CompletableFuture<Answer> answer) {
    }

    private static void serve(final ClockworkClient client, final Path resnet, final Path perceptron) throws Exception {
        final List<ModelInfo> infos = client.models().get();
        assertEquals(NAMES + 1, infos.size(), infos::toString);
        final SplittableRandom random = new SplittableRandom(1);
        final List<Asked> asked = new ArrayList<>();
        int cold = 0;
        for (int i = 0; i < REQUESTS; i++) {
            final ModelInfo info = infos.get(random.nextInt(infos.size()));
            final float[] input = new float[(int) (info.inputBytes() / Float.BYTES)];
            for (int k = 0; k < input.length; k++) {
                input[k] = (float) (random.nextDouble() * 2 - 1);
            }
            if (i >= IN_FLIGHT) {
                cold += asked.get(i - IN_FLIGHT).answer.get().isCold() ? 1 : 0;
            }
            asked.add(new Asked(info.name().startsWith("resnet") ? resnet : perceptron, input,
                client.infer(InferCall.model(info.name()).floats(input).slo(Duration.ofSeconds(30)))));
        }
        for (final Asked one : asked) {
            final Answer answer = one.answer.get();
            assertTrue(answer.isOk(), () -> answer.status() + " " + answer.detail());
            assertTrue(answer.isEmulated(), "an answer of a stand-in is called emulated");
        }
        assertTrue(cold > NAMES + 1, "models came and went: cold=" + cold);
        compare(asked, resnet, new long[] {1, 3, 64, 64});
        compare(asked, perceptron, null);
    }

    private static void compare(final List<Asked> asked, final Path file, final long[] shape) throws Exception {
        final OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(file.toString())) {
            for (final Asked one : asked) {
                if (!one.file.equals(file)) {
                    continue;
                }
                final long[] dims = shape == null ? dims(session, one.input.length) : shape;
                try (OnnxTensor tensor = OnnxTensor.createTensor(environment, FloatBuffer.wrap(one.input), dims);
                    OrtSession.Result result = session.run(Map.of(session.getInputNames().iterator().next(), tensor))) {
                    final FloatBuffer expected = ((OnnxTensor) result.get(0)).getFloatBuffer();
                    final float[] answer = one.answer.get().floats(0);
                    assertEquals(expected.remaining(), answer.length);
                    double largest = 0;
                    double apart = 0;
                    for (int i = 0; i < answer.length; i++) {
                        largest = Math.max(largest, Math.abs(expected.get(i)));
                        apart = Math.max(apart, Math.abs((double) expected.get(i) - answer[i]));
                    }
                    assertTrue(apart <= TOLERANCE * largest, "apart=" + apart + " largest=" + largest);
                }
            }
        }
    }

    private static long[] dims(final OrtSession session, final int elements) throws Exception {
        final long[] dims = ((ai.onnxruntime.TensorInfo) session.getInputInfo().values().iterator().next().getInfo()).getShape();
        dims[0] = 1;
        long product = 1;
        for (final long dim : dims) {
            product *= dim;
        }
        assertEquals(elements, product);
        return dims;
    }
}
