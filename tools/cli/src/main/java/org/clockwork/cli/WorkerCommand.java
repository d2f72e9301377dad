package org.clockwork.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.SystemNanoClock;
import org.clockwork.cli.run.AeronWorkerCounters;
import org.clockwork.cli.run.AgentHost;
import org.clockwork.cli.run.CudaDevices;
import org.clockwork.cli.run.ErrorPrinter;
import org.clockwork.cli.run.Shutdown;
import org.clockwork.cli.run.ThreadingPlan;
import org.clockwork.cli.run.UserError;
import org.clockwork.device.Backend;
import org.clockwork.device.Device;
import org.clockwork.device.cpu.CpuBackend;
import org.clockwork.device.emulated.EmulatedBackend;
import org.clockwork.device.emulated.EmulatedContext;
import org.clockwork.device.emulated.ProfileTable;
import org.clockwork.schema.link.aeron.AeronLinks;
import org.clockwork.schema.link.aeron.AeronDialer;
import org.clockwork.worker.Worker;
import org.clockwork.worker.WorkerCounter;
import org.clockwork.worker.WorkerLimits;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Runs a worker with the devices of this machine, or with emulated ones. */
@Command(
    name = "worker",
    description = "Runs a worker: it owns devices and does exactly what the controller tells it.",
    footerHeading = "%nExamples:%n",
    footer = {
        "  clockwork worker --device cpu",
        "  clockwork worker --device cpu --memory 2g --controller gpu7:14219",
        "  clockwork worker --device cuda",
        "  clockwork worker --device emulated --gpus 8",
        "  clockwork worker --device emulated --profiles my-gpu.csv --name rack3",
        "",
        "SIGTERM or Ctrl-C: it says DRAINING, finishes what it has, and leaves."
    })
final class WorkerCommand implements Callable<Integer> {
    private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long CLOSE_SLACK_NS = TimeUnit.SECONDS.toNanos(15);
    private static final double MIB = 1024.0 * 1024.0;
    private static final int CPU_ENGINES = 2;
    /** What a JVM takes beside its heap, with the libraries' code and the media driver's buffers. */
    private static final long JAVA_BYTES = 512L << 20;

    /** Kinds of device. */
    enum DeviceKind {
        /** This machine's processor, with ONNX Runtime. */
        CPU,
        /** The GPUs of this machine. */
        CUDA,
        /** The CUDA device on stand-ins for the driver: right answers, emulated times. */
        CUDA_EMULATED,
        /** Devices that take the time of a profile table and compute nothing. */
        EMULATED
    }

    /** Kinds by the names that people type: {@code cuda-emulated}. */
    static final class KindConverter implements ITypeConverter<DeviceKind> {
        @Override
        public DeviceKind convert(final String text) {
            try {
                return DeviceKind.valueOf(text.toUpperCase(Locale.ROOT).replace('-', '_'));
            } catch (final IllegalArgumentException e) {
                throw new TypeConversionException("'" + text + "' is none of cpu, cuda, emulated, cuda-emulated");
            }
        }
    }

    @Mixin
    private CommonOptions common;
    @Mixin
    private ProcessOptions process;

    @Option(names = "--device", required = true, paramLabel = "KIND", converter = KindConverter.class,
        description = "cpu (oneDNN and ONNX Runtime), cuda, emulated, or cuda-emulated "
            + "(the CUDA device on stand-ins for the driver, where they are built).")
    private DeviceKind kind;

    @Option(
        names = {"-c", "--controller"}, paramLabel = "HOST:PORT", split = ",", defaultValue = Defaults.WORKER_ENDPOINT,
        description = "Controllers to dial, with commas between them. Default: ${DEFAULT-VALUE}.")
    private List<String> controllers;

    @Option(names = "--name", paramLabel = "NAME", description = "Unique among live workers. Default: the kind and process id.")
    private String name;

    @Option(
        names = "--dir", paramLabel = "DIR",
        description = "For model files and compiled forms; workers of a machine may share it. Default: ~/.clockwork/worker.")
    private Path directory;

    @Option(
        names = "--memory", paramLabel = "SIZE", converter = SizeConverter.class,
        description = "Memory for weights of each device, such as 2g. Default: 1g (cpu, cuda-emulated), what is free "
            + "(cuda), 21.5 GiB (emulated).")
    private Long memoryBytes;

    @Option(
        names = "--host-memory", paramLabel = "SIZE", converter = SizeConverter.class,
        description = "CPU only: most memory for compiled models beside those weights. Default: half of the machine's memory.")
    private Long hostMemoryBytes;

    @Option(
        names = "--gpus", paramLabel = "N", defaultValue = "1",
        description = "Emulated devices; of real ones all are used. Default: ${DEFAULT-VALUE}.")
    private int gpus;

    @Option(
        names = "--profiles", paramLabel = "FILE",
        description = "Table of the emulated devices (CSV). Default: published figures of an NVIDIA V100.")
    private Path profiles;

    @Option(names = "--exact", description = "Emulated devices take exactly the times of their table, without jitter.")
    private boolean isExact;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Of the jitter. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
        names = "--drain-limit", paramLabel = "DURATION", defaultValue = "5s", converter = DurationConverter.class,
        description = "Leaves after this even if something is not finished. Default: ${DEFAULT-VALUE}.")
    private long drainLimitNs;

    @Override
    public Integer call() throws IOException {
        final Shutdown shutdown = new Shutdown(drainLimitNs + CLOSE_SLACK_NS).arm();
        final String workerName = null != name ? name
            : kind.name().toLowerCase(Locale.ROOT).replace('_', '-') + '-' + ProcessHandle.current().pid();
        final ThreadingPlan plan = process.plan(1, DeviceKind.EMULATED == kind ? 0 : CPU_ENGINES);
        final AeronWorkerCounters[] counters = new AeronWorkerCounters[1];
        int exitCode = UserError.FAILED;
        try (ErrorPrinter errors = new ErrorPrinter(System.err, "worker " + workerName, Main.isDebug())) {
            final Backend backend = newBackend(errors);
            final Worker[] worker = new Worker[1];
            try (AgentHost host = AgentHost.start("worker", process.aeronDirectory(), plan, errors, List.of(aeron -> {
                counters[0] = new AeronWorkerCounters(aeron, workerName);
                worker[0] = Worker.launch(new Worker.Context()
                    .name(workerName)
                    .controllers(controllers)
                    .storeDirectory(directory().resolve("store"))
                    .build(Version.build())
                    .incarnation(new SecureRandom().nextLong() | 1)
                    .dialer(new AeronDialer(new AeronLinks.Context().aeron(aeron).workerStreams().errorHandler(errors)))
                    .backend(backend)
                    .nanoClock(SystemNanoClock.INSTANCE)
                    .errorHandler(errors)
                    .counters(counters[0])
                    .limits(new WorkerLimits().drainLimitNs(drainLimitNs)));
                return worker[0].agent();
            }))) {
                print(workerName, plan, backend);
                exitCode = run(shutdown, host, worker[0], counters[0]);
            }
            return exitCode;
        } finally {
            shutdown.finished(exitCode);
        }
    }

    private int run(
        final Shutdown shutdown, final AgentHost host, final Worker worker, final AeronWorkerCounters counters) {
        long sessions = 0;
        long lost = 0;
        while (!shutdown.await(TICK_NS)) {
            if (!host.isRunning()) {
                System.err.println("the worker's agent has ended by itself");
                return UserError.FAILED;
            }
            if (counters.get(WorkerCounter.SESSIONS_LOST) != lost) {
                lost = counters.get(WorkerCounter.SESSIONS_LOST);
                System.out.println("lost the controller; dialing again");
            }
            if (counters.get(WorkerCounter.SESSIONS) != sessions) {
                sessions = counters.get(WorkerCounter.SESSIONS);
                System.out.println("joined a controller at " + String.join(",", controllers));
            }
        }
        System.out.println("draining");
        worker.drain();
        final long limitNs = System.nanoTime() + drainLimitNs + TimeUnit.SECONDS.toNanos(1);
        while (!worker.isDrained() && host.isRunning() && System.nanoTime() - limitNs < 0) {
            java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        System.out.println(worker.isDrained() ? "drained" : "not drained in time");
        return 0;
    }

    private void print(final String workerName, final ThreadingPlan plan, final Backend backend) {
        System.out.println(plan.describe());
        for (final Device device : backend.devices()) {
            if (device.index() < 4) {
                System.out.printf(Locale.ROOT, "device %d: %s%s, %d pages of %.0f MiB, batches up to %d%n",
                    device.index(), device.description(), backend.isEmulated() ? " (EMULATED)" : "", device.totalPages(),
                    Device.PAGE_BYTES / MIB, device.maxBatch());
            }
        }
        if (backend.devices().size() > 4) {
            System.out.println("... " + backend.devices().size() + " devices in all");
        }
        if (backend instanceof CpuBackend cpu) {
            final long javaBytes = Runtime.getRuntime().maxMemory() + JAVA_BYTES;
            System.out.printf(Locale.ROOT,
                "memory: %s. Java takes up to %.0f MiB more; resident at most %.0f MiB while serving%n",
                cpu.statedMemory(), javaBytes / MIB, (cpu.statedBytes() + javaBytes) / MIB);
        }
        System.out.println("worker " + workerName + " ready; dialing " + String.join(",", controllers));
    }

    private Path directory() {
        return null != directory ? directory : Defaults.directory("worker");
    }

    private Backend newBackend(final ErrorPrinter errors) throws IOException {
        if (DeviceKind.CUDA == kind || DeviceKind.CUDA_EMULATED == kind) {
            return CudaDevices.open(DeviceKind.CUDA_EMULATED == kind, gpus, null == memoryBytes ? 0 : memoryBytes,
                directory().resolve("compiled"), errors);
        }
        if (DeviceKind.CPU == kind) {
            final CpuBackend.Context context = new CpuBackend.Context()
                .cacheDirectory(directory().resolve("compiled")).clock(SystemNanoClock.INSTANCE).errorHandler(errors);
            if (null != memoryBytes) {
                context.memoryBytes(memoryBytes);
            }
            if (null != hostMemoryBytes) {
                context.hostMemoryBytes(hostMemoryBytes);
            }
            return new CpuBackend(context);
        }
        final EmulatedContext context = new EmulatedContext().devices(gpus).seed(seed);
        if (null != memoryBytes) {
            context.memoryBytes(memoryBytes);
        }
        if (null != profiles) {
            context.profiles(ProfileTable.load(profiles));
        }
        return new EmulatedBackend(isExact ? context.exact() : context);
    }
}
