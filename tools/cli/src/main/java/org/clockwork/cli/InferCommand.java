package org.clockwork.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.cli.load.ClientAgent;
import org.clockwork.cli.run.Shutdown;
import org.clockwork.cli.run.UserError;
import org.clockwork.client.ClockworkClient;
import org.clockwork.client.InferResult;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.RequestSpec;
import org.clockwork.client.TensorInfo;
import org.clockwork.loadgen.Table;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.Status;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Sends one request and shows its answer and where its time went. */
@Command(
    name = "infer",
    description = "Sends one request; prints the output and where the time went.",
    footerHeading = "%nExamples:%n",
    footer = {
        "  clockwork infer resnet --input picture.f32 --slo 100ms",
        "  clockwork infer mlp --input - --output answer.f32 < digit.f32",
        "  clockwork infer resnet --generated 7",
        "",
        "An input is the raw bytes of all input tensors, one after the other, little-endian, without a batch dimension;",
        "`clockwork models inspect` shows them.",
        "Exit code: 0 answered, 1 refused or failed."
    })
final class InferCommand implements Callable<Integer> {
    private static final long CLOSE_LIMIT_NS = TimeUnit.SECONDS.toNanos(5);
    private static final int SHOWN_VALUES = 8;

    @Mixin
    private CommonOptions common;
    @Mixin
    private ClientOptions client;
    @Mixin
    private ProcessOptions process;

    @Parameters(paramLabel = "MODEL", description = "Registered name.")
    private String name;

    @ArgGroup(multiplicity = "1")
    private InputOptions inputOptions;

    @Option(
        names = "--slo", paramLabel = "DURATION", converter = DurationConverter.class,
        description = "Time until the answer must be here, such as 100ms. Default: the model's, or none.")
    private Long sloNs;

    @Option(names = "--output", paramLabel = "FILE", description = "Writes the raw output tensors, one after the other.")
    private Path outputFile;

    /** Where the input comes from. */
    static final class InputOptions {
        @Option(names = "--input", paramLabel = "FILE", description = "Raw input tensors; - reads standard input.")
        private String file;

        @Option(names = "--generated", paramLabel = "SEED", description = "The worker makes the input from this seed.")
        private Long seed;
    }

    /** What is kept of an end. */
    private record End(boolean isOk, String head, String phases, List<String> outputs, byte[] outputBytes) {
    }

    @Override
    public Integer call() throws IOException {
        final Shutdown shutdown = new Shutdown(CLOSE_LIMIT_NS).arm();
        final byte[] input = null == inputOptions.file ? null : read(inputOptions.file);
        int exitCode = UserError.FAILED;
        final ClockworkClient.Context context = client.context("infer");
        if (null != input) {
            context.maxBytesInFlight(Math.max(context.maxBytesInFlight(), input.length));
        }
        try (ClientSession session = ClientSession.open("infer", client, context, process, shutdown, null)) {
            final ModelInfo model = Models.byName(session.agent(), name);
            final RequestSpec spec = new RequestSpec().model(model).sloNs(null == sloNs ? Protocol.NULL_NS : sloNs);
            if (null == input) {
                spec.generatedInput(inputOptions.seed);
            } else {
                spec.input(new UnsafeBuffer(input), 0, input.length);
            }
            final End end = ClientAgent.await(session.agent().infer(spec, result -> end(result, model)));
            print(end);
            exitCode = end.isOk() ? 0 : UserError.FAILED;
            return exitCode;
        } finally {
            shutdown.finished(exitCode);
        }
    }

    private void print(final End end) throws IOException {
        System.out.println(end.head());
        end.outputs().forEach(System.out::println);
        if (end.isOk()) {
            System.out.println(end.phases());
        }
        if (null != outputFile && end.isOk()) {
            Files.write(outputFile, end.outputBytes());
            System.out.println("output written to " + outputFile + " (" + end.outputBytes().length + " bytes)");
        }
    }

    private static byte[] read(final String file) {
        try (InputStream in = "-".equals(file) ? System.in : Files.newInputStream(Path.of(file))) {
            return in.readAllBytes();
        } catch (final IOException ex) {
            throw new UserError(UserError.USAGE, "the input " + file + " cannot be read", ex);
        }
    }

    private static End end(final InferResult result, final ModelInfo model) {
        final boolean isOk = result.isOk();
        final StringBuilder head = new StringBuilder();
        if (isOk) {
            head.append("answered in ").append(us(result.latencyNs()))
                .append(Protocol.NULL_NS == result.sloNs() ? "" : result.isInTime() ? ", in time" : ", TOO LATE")
                .append(", in a batch of ").append(result.batchSize()).append(result.isCold() ? ", cold" : "")
                .append(result.isEmulated() ? ", device EMULATED: the values may mean nothing" : "");
        } else {
            head.append(Outcome.of(result.status())).append(": ").append(result.status().name())
                .append(result.detail().isEmpty() ? "" : ", " + result.detail());
            if (Status.WRONG_INPUT_SIZE == result.status() || Status.WRONG_INPUT_TYPE == result.status()) {
                head.append(' ').append(model.neededInput());
            }
            if (Protocol.NULL_NS != result.earliestNs() && Status.OK != result.status()) {
                head.append(" An SLO of ").append(us(result.earliestNs())).append(" could have been met.");
            }
        }
        final List<String> outputs = new ArrayList<>();
        int bytes = 0;
        for (int i = 0; i < result.outputCount(); i++) {
            outputs.add(tensor(result.output(i), i < model.outputs().size() ? model.outputs().get(i) : null));
            bytes += result.output(i).capacity();
        }
        final byte[] copy = new byte[bytes];
        int at = 0;
        for (int i = 0; i < result.outputCount(); i++) {
            result.output(i).getBytes(0, copy, at, result.output(i).capacity());
            at += result.output(i).capacity();
        }
        return new End(isOk, head.toString(), phases(result), outputs, copy);
    }

    private static String phases(final InferResult result) {
        return new Table("where the time went", "us")
            .row("before it was sent", number(result.sendLagNs()))
            .row("client <-> controller", number(result.networkNs()))
            .row("waiting, and controller -> worker", number(result.queueNs()))
            .row("waiting for the model's weights", number(result.loadNs()))
            .row("input to the device", number(result.copyInNs()))
            .row("on the device", number(result.executeNs()))
            .row("output from the device", number(result.copyOutNs()))
            .line()
            .row("all, with the way back", number(result.latencyNs()))
            .toString();
    }

    private static String tensor(final DirectBuffer buffer, final TensorInfo tensor) {
        final StringBuilder text = new StringBuilder("output");
        if (null == tensor) {
            return text.append(": ").append(buffer.capacity()).append(" bytes").toString();
        }
        text.append(' ').append(tensor.name()).append(' ').append(tensor.type()).append(' ').append(tensor.shape());
        if (DataType.FLOAT32 == tensor.type()) {
            text.append(':');
            final int count = buffer.capacity() / Float.BYTES;
            int largest = 0;
            for (int i = 0; i < count; i++) {
                if (i < SHOWN_VALUES) {
                    text.append(String.format(Locale.ROOT, " %.5g", value(buffer, i)));
                }
                largest = value(buffer, i) > value(buffer, largest) ? i : largest;
            }
            text.append(count > SHOWN_VALUES ? " ..." : "")
                .append(String.format(Locale.ROOT, " (largest: %.5g at %d)", value(buffer, largest), largest));
        }
        return text.toString();
    }

    private static float value(final DirectBuffer buffer, final int index) {
        return buffer.getFloat(index * Float.BYTES, ByteOrder.LITTLE_ENDIAN);
    }

    private static String us(final long ns) {
        return String.format(Locale.ROOT, ns < 10_000_000 ? "%.1f us" : "%.0f us", ns / 1e3);
    }

    private static String number(final long ns) {
        return String.format(Locale.ROOT, "%.1f", ns / 1e3);
    }

    /** The word for an end that is no answer. */
    private static final class Outcome {
        private Outcome() {
        }

        static String of(final Status status) {
            return switch (org.clockwork.loadgen.Outcome.of(status.value(), 0, Protocol.NULL_NS)) {
                case REFUSED -> "refused";
                case CANCELLED -> "cancelled";
                default -> "failed";
            };
        }
    }
}
