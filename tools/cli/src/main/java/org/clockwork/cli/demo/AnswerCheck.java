package org.clockwork.cli.demo;

import ai.onnxruntime.OrtException;
import java.util.Locale;
import java.util.Map;
import org.clockwork.cli.run.UserError;

/**
 * What the comparison of a row's answers with ONNX Runtime, run directly on the original file, found.
 *
 * @param name    of the row.
 * @param checked answers compared.
 * @param wrong   of these, those that differ by more than {@link ReferenceCheck#TOLERANCE}.
 * @param worst   largest difference, as a share of the answer's largest value.
 */
record AnswerCheck(String name, int checked, int wrong, double worst) {
    /** Compares all answers that were kept. */
    static AnswerCheck of(final DemoRow row) {
        final AnswerSamples samples = row.samples();
        final Map<String, long[]> shapes = DemoModel.shapes(row.infos().get(0));
        int checked = 0;
        int wrong = 0;
        double worst = 0.0;
        try (ReferenceCheck reference = new ReferenceCheck(row.model().file())) {
            for (int i = 0; i < samples.inputs(); i++) {
                if (samples.isTaken(i)) {
                    final double difference = reference.difference(
                        row.inputs().memory(), row.inputs().offset(i), shapes,
                        samples.memory(), samples.offset(i), samples.answerBytes());
                    checked++;
                    wrong += difference <= ReferenceCheck.TOLERANCE ? 0 : 1;
                    worst = Math.max(worst, difference);
                }
            }
        } catch (final OrtException ex) {
            throw new UserError("ONNX Runtime could not run " + row.model().file() + " directly: " + ex.getMessage(), ex);
        }
        return new AnswerCheck(row.model().name(), checked, wrong, worst);
    }

    /** For people. */
    String text() {
        return String.format(Locale.ROOT, "%s: %d answers %s, largest difference %.1e of the largest value",
            name, checked, 0 == wrong ? "right" : "compared, " + wrong + " WRONG", worst);
    }
}
