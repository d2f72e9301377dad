package org.clockwork.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.clockwork.cli.load.ClientAgent;
import org.clockwork.cli.run.Shutdown;
import org.clockwork.cli.run.UserError;
import org.clockwork.client.ClockworkClient;
import org.clockwork.client.InputTransform;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.Precision;
import org.clockwork.client.RegisterSpec;
import org.clockwork.loadgen.Table;
import org.clockwork.model.zoo.ModelZoo;
import org.clockwork.model.zoo.ZooModel;
import org.clockwork.schema.codec.ModelState;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Registers, shows and forgets models. */
@Command(
    name = "models",
    description = "Registers, shows and forgets models; generates example models.",
    subcommands = {
        ModelsCommand.ListModels.class, ModelsCommand.Register.class, ModelsCommand.Replace.class,
        ModelsCommand.Unregister.class, ModelsCommand.Inspect.class, ModelsCommand.Generate.class,
        CompileCommand.class
    },
    footerHeading = "%nExamples:%n",
    footer = {
        "  clockwork models generate resnet18 resnet18.onnx",
        "  clockwork models compile resnet18.onnx",
        "  clockwork models register resnet resnet18.onnx --slo 100ms",
        "  clockwork models register pixels resnet18.onnx --input-transform imagenet --precision bf16",
        "  clockwork models register text all-minilm.onnx --dim sequence_length=32",
        "  clockwork models register emulated/resnet --profile resnet50_v2 --count 1000",
        "  clockwork models list emulated/",
        "  clockwork models unregister resnet"
    })
final class ModelsCommand implements Runnable {
    private static final long CLOSE_LIMIT_NS = TimeUnit.SECONDS.toNanos(5);

    @Mixin
    private CommonOptions common;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** What the commands that need a controller share. */
    abstract static class Connected implements Callable<Integer> {
        @Mixin
        private CommonOptions common;
        @Mixin
        private ClientOptions client;
        @Mixin
        private ProcessOptions process;

        /** Changes the client's context before it is used. */
        void configure(final ClockworkClient.Context context) {
            // Only registrations have something to change.
        }

        final int withClient(final Function<ClientAgent, Integer> work) {
            final Shutdown shutdown = new Shutdown(CLOSE_LIMIT_NS).arm();
            int exitCode = UserError.FAILED;
            final ClockworkClient.Context context = client.context("models");
            configure(context);
            try (ClientSession session = ClientSession.open("models", client, context, process, shutdown, null)) {
                exitCode = work.apply(session.agent());
                return exitCode;
            } finally {
                shutdown.finished(exitCode);
            }
        }
    }

    /** Lists models. */
    @Command(name = "list", description = "Lists the registered models.")
    static final class ListModels extends Connected {
        @Parameters(arity = "0..1", paramLabel = "PREFIX", defaultValue = "", description = "Only names that start so.")
        private String prefix;

        @Override
        public Integer call() {
            return withClient(agent -> {
                final List<ModelInfo> models = ClientAgent.await(agent.models(prefix));
                System.out.println(models.isEmpty()
                    ? "no models" + (prefix.isEmpty() ? "" : " whose name starts with " + prefix) : ModelText.list(models));
                return 0;
            });
        }
    }

    /** Options of a registration. */
    abstract static class Registering extends Connected {
        @Option(
            names = "--dim", paramLabel = "NAME=SIZE",
            description = "Fixes a dimension of the file, named by its symbol or as input:axis; may be repeated.")
        private final Map<String, Integer> dimensions = new LinkedHashMap<>();

        @Option(
            names = "--slo", paramLabel = "DURATION", converter = DurationConverter.class,
            description = "SLO of requests that state none, such as 100ms. Default: none.")
        private Long sloNs;

        @Option(
            names = "--max-batch", paramLabel = "N", defaultValue = "0",
            description = "Largest batch to compile and measure. Default: the controller's.")
        private int maxBatch;

        @Option(
            names = "--precision", paramLabel = "fp32|bf16",
            description = "In what it is computed; refused where the processor lacks it. The error against fp32 is measured and "
                + "shown. Default: the worker's, fp32 unless it was told otherwise.")
        private Precision precision = Precision.WORKER_DEFAULT;

        @Option(
            names = "--input-transform", paramLabel = "FORM", converter = TransformConverter.class,
            description = "The one image input comes as bytes and is made floats on the device: imagenet, unit (0..1), signed "
                + "(-1..1) or raw (0..255), each for NHWC or, with :nchw, for NCHW; or LAYOUT:SCALE:MEANS:DEVIATIONS.")
        private InputTransform inputTransform;

        @Option(
            names = "--profile", paramLabel = "ROW",
            description = "Instead of a file, a row of the emulated devices' table, such as resnet50_v2 or zero.")
        private String profile;

        @Option(
            names = "--registration-timeout", paramLabel = "DURATION", defaultValue = "10m", converter = DurationConverter.class,
            description = "Gives up when nothing has moved for so long. Default: ${DEFAULT-VALUE}.")
        private long registrationTimeoutNs;

        @Override
        final void configure(final ClockworkClient.Context context) {
            context.registrationTimeoutNs(registrationTimeoutNs);
        }

        final int register(final String name, final Path file, final int count, final boolean isReplacing) {
            if ((null == file) == (null == profile)) {
                throw new UserError(
                    UserError.USAGE, "name either a model file or, for emulated devices, a row with --profile", null);
            }
            if (null != file && !Files.isReadable(file)) {
                throw new UserError(UserError.USAGE, "the model file " + file + " cannot be read", null);
            }
            final RegisterSpec registration = spec(name, file, count, isReplacing);
            return withClient(agent -> {
                final RegistrationPrinter printer = new RegistrationPrinter(name, System.out);
                final List<ModelInfo> models = ClientAgent.await(agent.register(registration, printer));
                System.out.println(models.isEmpty() ? name + " is ready"
                    : 1 == models.size() ? ModelText.details(models.get(0)) : models.size() + " models are ready; the first:"
                    + System.lineSeparator() + ModelText.details(models.get(0)));
                return 0;
            });
        }

        private RegisterSpec spec(final String name, final Path file, final int count, final boolean isReplacing) {
            try {
                final RegisterSpec registration =
                    null != profile ? RegisterSpec.profile(name, profile) : RegisterSpec.file(name, file);
                dimensions.forEach(registration::dimension);
                if (null != sloNs) {
                    registration.defaultSloNs(sloNs);
                }
                registration.precision(precision).inputTransform(inputTransform);
                return registration.maxBatch(maxBatch).count(count).replace(isReplacing);
            } catch (final IllegalArgumentException ex) {
                throw new UserError(UserError.USAGE, ex.getMessage(), ex);
            }
        }
    }

    /** Reads an input transform. */
    static final class TransformConverter implements CommandLine.ITypeConverter<InputTransform> {
        @Override
        public InputTransform convert(final String text) {
            try {
                return InputTransform.parse(text);
            } catch (final IllegalArgumentException ex) {
                throw new CommandLine.TypeConversionException(ex.getMessage());
            }
        }
    }

    /** Registers a model. */
    @Command(name = "register", description = "Registers a model and waits until it is compiled, measured and ready.")
    static final class Register extends Registering {
        @Parameters(index = "0", paramLabel = "NAME", description = "Name to register.")
        private String name;

        @Parameters(index = "1", arity = "0..1", paramLabel = "FILE", description = "ONNX file.")
        private Path file;

        @Option(
            names = "--count", paramLabel = "N", defaultValue = "1",
            description = "Registers NAME-0 to NAME-(N-1), all over one file. Default: 1, NAME itself.")
        private int count;

        @Option(names = "--replace", description = "Takes the name over if another file has it.")
        private boolean isReplacing;

        @Override
        public Integer call() {
            return register(name, file, count, isReplacing);
        }
    }

    /** Replaces a model. */
    @Command(name = "replace", description = "Registers another file under a name that is taken.")
    static final class Replace extends Registering {
        @Parameters(index = "0", paramLabel = "NAME", description = "Name to take over.")
        private String name;

        @Parameters(index = "1", arity = "0..1", paramLabel = "FILE", description = "ONNX file.")
        private Path file;

        @Override
        public Integer call() {
            return register(name, file, 1, true);
        }
    }

    /** Forgets a model. */
    @Command(name = "unregister", description = "Forgets a model; requests that wait for it end with MODEL_GONE.")
    static final class Unregister extends Connected {
        @Parameters(paramLabel = "NAME", description = "Name to forget.")
        private String name;

        @Option(
            names = "--count", paramLabel = "N", defaultValue = "1",
            description = "Forgets NAME-0 to NAME-(N-1). Default: 1, NAME itself.")
        private int count;

        @Override
        public Integer call() {
            return withClient(agent -> {
                ClientAgent.await(agent.unregister(name, count));
                System.out.println(1 == count ? name + " is unregistered" : count + " models are unregistered");
                return 0;
            });
        }
    }

    /** Shows one model. */
    @Command(name = "inspect", description = "Shows a model's tensors, weights, profile and state.")
    static final class Inspect extends Connected {
        @Parameters(paramLabel = "NAME", description = "Registered name.")
        private String name;

        @Override
        public Integer call() {
            return withClient(agent -> {
                final ModelInfo model = Models.byName(agent, name);
                System.out.println(ModelText.details(model));
                return ModelState.FAILED == model.state() ? UserError.FAILED : 0;
            });
        }
    }

    /** Writes a model of the zoo. */
    @Command(
        name = "generate",
        description = "Writes an example model of the zoo, with seeded weights, as an ONNX file. Without a name: lists the zoo.")
    static final class Generate implements Callable<Integer> {
        @Mixin
        private CommonOptions common;

        @Parameters(index = "0", arity = "0..1", paramLabel = "ZOO-NAME", description = "Model of the zoo.")
        private String name;

        @Parameters(index = "1", arity = "0..1", paramLabel = "FILE", description = "To write. Default: ZOO-NAME.onnx.")
        private Path file;

        @Option(
            names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "Of the weights. Default: ${DEFAULT-VALUE}.")
        private long seed;

        @Override
        public Integer call() throws IOException {
            final ModelZoo zoo = new ModelZoo();
            if (null == name) {
                final Table table = new Table("model", "about");
                for (final ZooModel model : zoo.models()) {
                    table.row(model.name(), model.about());
                }
                System.out.println(table);
                return 0;
            }
            final Path target = null != file ? file : Path.of(name + ".onnx");
            try {
                zoo.write(name, seed, target);
            } catch (final IllegalArgumentException ex) {
                throw new UserError(UserError.USAGE, ex.getMessage(), ex);
            }
            System.out.printf(Locale.ROOT, "%s: %.1f MB, seed %d%n", target, Files.size(target) / 1e6, seed);
            return 0;
        }
    }
}
