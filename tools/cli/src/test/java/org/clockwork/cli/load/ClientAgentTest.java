package org.clockwork.cli.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.cli.run.UserError;
import org.clockwork.client.ClockworkClient;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.RegisterSpec;
import org.clockwork.client.RequestSpec;
import org.clockwork.controller.Controller;
import org.clockwork.device.emulated.EmulatedBackend;
import org.clockwork.device.emulated.EmulatedContext;
import org.clockwork.loadgen.Arrivals;
import org.clockwork.loadgen.ClosedLoopArrivals;
import org.clockwork.loadgen.FixedRateArrivals;
import org.clockwork.loadgen.LoadDriver;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.loadgen.Outcome;
import org.clockwork.loadgen.Recorder;
import org.clockwork.loadgen.Xoshiro;
import org.clockwork.schema.link.memory.MemoryListener;
import org.clockwork.schema.link.memory.MemoryNetwork;
import org.clockwork.testkit.Allocation;
import org.clockwork.testkit.ManualClock;
import org.clockwork.worker.Worker;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client of the commands against the real controller and worker agents, in one thread under a manual clock. */
class ClientAgentTest {
    private static final long US = 1_000L;
    private static final long MS = 1_000_000L;
    private static final long SLO = 100 * MS;
    private static final int MAX_CYCLES = 4_000_000;

    @TempDir
    private Path directory;
    private final ManualClock clock = new ManualClock(1_000 * MS);
    private final List<Throwable> errors = new ArrayList<>();
    private final List<Agent> agents = new ArrayList<>();
    private ClientAgent client;

    @BeforeEach
    void start() {
        final MemoryNetwork network = new MemoryNetwork(new MemoryNetwork.Context().clock(clock));
        final MemoryListener clients = network.listen("controller:1");
        final MemoryListener workers = network.listen("controller:2");
        agents.add(Controller.launch(new Controller.Context().directory(directory.resolve("controller"))
            .clientListener(clients).workerListener(workers).clock(clock).isStorageInline(true)
            .errorHandler(errors::add)).agent());
        agents.add(Worker.launch(new Worker.Context().name("w").controllers(List.of("controller:2")).incarnation(7)
            .dialer(network.dialer("worker")).backend(new EmulatedBackend(new EmulatedContext().exact())).nanoClock(clock)
            .storeDirectory(directory.resolve("worker")).installExecutor(Runnable::run).errorHandler(errors::add)).agent());
        client = new ClientAgent(new ClockworkClient.Context().endpoints("controller:1").incarnation(9)
            .dialer(network.dialer("client")).clock(clock).errorHandler(errors::add), clock);
        agents.add(client);
    }

    @AfterEach
    void end() throws Exception {
        for (int i = agents.size() - 1; i >= 0; i--) {
            agents.get(i).onClose();
        }
        assertEquals(List.of(), errors);
    }

    @Test
    void registersListsInspectsRunsAndForgets() {
        register("net", "resnet50_v2", 3);
        assertEquals(3, await(client.models("net")).size());
        assertEquals(3, await(client.status()).modelsReady());
        final ModelInfo model = await(client.models("net-1")).get(0);
        assertTrue(model.isReady());
        final boolean isOk = await(client.infer(
            new RequestSpec().model(model).generatedInput(1).sloNs(SLO), result -> result.isOk() && result.isEmulated()));
        assertTrue(isOk);
        await(client.unregister("net", 3));
        assertEquals(0, await(client.models("net")).size());
        assertThrows(UserError.class, () -> await(client.unregister("net", 3)));
    }

    @Test
    void anUnknownProfileIsToldWithItsStatus() {
        final UserError error = assertThrows(UserError.class, () -> register("x", "no_such_row", 1));
        assertTrue(error.getMessage().contains("UNKNOWN_PROFILE"), error.getMessage());
    }

    @Test
    void aLoadSeesEachRequestToItsEnd() {
        final List<ModelInfo> models = register("net", "resnet50_v2", 4);
        final Recorder recorder = new Recorder(List.of("net"));
        final Phases phases = new Phases();
        final LoadDriver driver = await(client.run(
            List.of(stream(models, new FixedRateArrivals(50, 0.5))), List.of(new StreamPlan(models, null, 1, true, null)),
            recorder, phases, 64, 200 * MS, 1_000 * MS));
        assertEquals(50, recorder.offered());
        assertEquals(50, recorder.count(Outcome.IN_TIME));
        assertEquals(0, driver.unknownEnds());
        assertEquals(0, client.inFlight());
        assertTrue(phases.text().contains("execute"), phases.text());
    }

    @Test
    void answersGoToTheOneWhoLooks() {
        final List<ModelInfo> models = register("zero", "zero", 1);
        final int bytes = Math.toIntExact(models.get(0).inputBytes());
        final List<Integer> seen = new ArrayList<>();
        final PreparedInputs inputs = new PreparedInputs(new UnsafeBuffer(new byte[3 * bytes]), bytes);
        final Recorder recorder = new Recorder(List.of("zero"));
        await(client.run(List.of(stream(models, new FixedRateArrivals(7, 0.5))),
            List.of(new StreamPlan(models, inputs, 0, false, (input, result) -> seen.add(input))),
            recorder, null, 8, 0, 1_000 * MS));
        assertEquals(List.of(0, 1, 2, 0, 1, 2, 0), seen);
    }

    @Test
    void stopEndsALoadEarlyAndOnlyOneRunsAtATime() {
        final List<ModelInfo> models = register("zero", "zero", 1);
        final Recorder recorder = new Recorder(List.of("zero"));
        final CompletableFuture<LoadDriver> load = client.run(List.of(stream(models, new FixedRateArrivals(100, 0.5))),
            List.of(new StreamPlan(models, null, 0, true, null)), recorder, null, 8, 0, 100_000 * MS);
        cycle(50_000);
        assertFalse(load.isDone());
        assertThrows(UserError.class, () -> await(client.run(List.of(stream(models, new FixedRateArrivals(1, 0))),
            List.of(), recorder, null, 8, 0, MS)));
        await(client.stop());
        assertTrue(await(load).recordedNs() < 100_000 * MS);
        assertTrue(recorder.offered() > 0);
        assertEquals(recorder.offered(), recorder.count(Outcome.IN_TIME));
    }

    @Test
    void allocatesNothingPerRequest() {
        final List<ModelInfo> models = register("zero", "zero", 1);
        final Recorder recorder = new Recorder(List.of("zero"));
        client.run(List.of(stream(models, new ClosedLoopArrivals(16, 0, new Xoshiro(1, "think")))),
            List.of(new StreamPlan(models, null, 0, true, null)), recorder, new Phases(), 16, 0, Long.MAX_VALUE / 4);
        cycle(100_000);
        final long before = recorder.offered();
        final Runnable work = () -> {
            for (int i = 0; i < 40_000; i++) {
                clock.advance(10 * US);
                for (int agent = 0; agent < agents.size(); agent++) {
                    run(agents.get(agent));
                }
            }
        };
        final long bytes = Allocation.bytesOf(work);
        final long requests = recorder.offered() - before;
        assertTrue(requests > 100_000, "requests=" + requests);
        assertTrue(bytes < requests, "controller, worker and client: bytes=" + bytes + " requests=" + requests);
    }

    private List<ModelInfo> register(final String name, final String profile, final int count) {
        cycleUntil(client::isConnected);
        cycleUntil(() -> !await(client.status()).workers().isEmpty());
        final List<ModelInfo> models = await(client.register(
            RegisterSpec.profile(name, profile).count(count), (status, detail, infos) -> { }));
        return models.size() == count ? models : await(client.models(name));
    }

    private static LoadStream stream(final List<ModelInfo> models, final Arrivals arrivals) {
        return new LoadStream(0, "s", arrivals, models.stream().mapToLong(ModelInfo::modelId).toArray(),
            new int[models.size()], SLO, new Xoshiro(1, "choice"));
    }

    private <T> T await(final CompletableFuture<T> future) {
        cycleUntil(future::isDone);
        return ClientAgent.await(future);
    }

    private void cycleUntil(final java.util.function.BooleanSupplier condition) {
        for (int i = 0; i < MAX_CYCLES && !condition.getAsBoolean(); i++) {
            cycle(1);
        }
        assertTrue(condition.getAsBoolean());
    }

    private void cycle(final int times) {
        for (int i = 0; i < times; i++) {
            clock.advance(10 * US);
            agents.forEach(ClientAgentTest::run);
        }
    }

    private static void run(final Agent agent) {
        try {
            agent.doWork();
        } catch (final Exception ex) {
            throw new AssertionError(ex);
        }
    }
}
