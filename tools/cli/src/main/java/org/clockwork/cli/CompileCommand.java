package org.clockwork.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.clockwork.cli.run.UserError;
import org.clockwork.client.InputTransform;
import org.clockwork.compiler.PlanCompiler;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows the static plan of a model file. */
@Command(
    name = "compile",
    description = "Compiles a model file to a static plan and shows it: steps, shapes, bytes, FLOPs and workspace. "
        + "Says which node has no step if there is no plan; ONNX Runtime then runs the model.",
    footerHeading = "%nExamples:%n",
    footer = {
        "  clockwork models compile resnet18.onnx",
        "  clockwork models compile all-minilm.onnx --dim sequence_length=32 --batch 8"
    })
final class CompileCommand implements Callable<Integer> {
    @Mixin
    private CommonOptions common;

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "FILE", description = "ONNX file.")
    private Path file;

    @Option(
        names = "--dim", paramLabel = "NAME=SIZE",
        description = "Fixes a dimension of the file, named by its symbol or as input:axis; may be repeated.")
    private final Map<String, Integer> dimensions = new LinkedHashMap<>();

    @Option(names = "--batch", paramLabel = "N", defaultValue = "1", description = "Requests in a batch. Default: 1.")
    private int batch;

    @Option(
        names = "--precision", paramLabel = "fp32|bf16", defaultValue = "fp32",
        description = "Of what is between the steps. Default: ${DEFAULT-VALUE}.")
    private String precision;

    @Option(
        names = "--input-transform", paramLabel = "FORM", converter = ModelsCommand.TransformConverter.class,
        description = "As for a registration.")
    private InputTransform inputTransform;

    @Override
    public Integer call() {
        if (batch < 1 || !precision.equals("fp32") && !precision.equals("bf16")) {
            throw new UserError(UserError.USAGE, "--batch is at least 1 and --precision is fp32 or bf16: --batch=" + batch
                + " --precision=" + precision, null);
        }
        try {
            final ElementType type = precision.equals("bf16") ? ElementType.BFLOAT16 : ElementType.FLOAT32;
            final ModelOptions options = ModelOptions.parse(null == inputTransform ? "" : "input=" + inputTransform);
            spec.commandLine().getOut().print(
                PlanCompiler.open(file, Integer.MAX_VALUE, dimensions, options.transform()).plan(batch, type).text());
            spec.commandLine().getOut().flush();
            return 0;
        } catch (final ModelException ex) {
            throw new UserError(ex.reason() + ": " + ex.getMessage(), ex);
        }
    }
}
