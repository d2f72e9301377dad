package org.clockwork.model;

import static org.junit.jupiter.api.Assertions.*;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The transformer comes out of its package complete, and understands what the tokenizer says. */
final class PackagedModelsTest {
    private static final int LENGTH = 16;

    @Test
    void sentencesOfOneMeaningLieTogether(@TempDir final Path directory) throws IOException, OrtException {
        assertTrue(PackagedModels.hasMiniLm());
        final Path file = PackagedModels.extractMiniLm(directory);
        assertEquals("759c3cd2b7fe7e93933ad23c4c9181b7396442a2ed746ec7c1d46192c469c46e.onnx", file.getFileName().toString());
        assertEquals(file, PackagedModels.extractMiniLm(directory));
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(1, files.count());
        }
        final WordPieceTokenizer tokenizer = PackagedModels.miniLmTokenizer();
        final OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
            OrtSession session = environment.createSession(file.toString(), options)) {
            assertEquals(List.of("input_ids", "attention_mask", "token_type_ids"),
                List.copyOf(session.getInputNames()));
            final float[] cat = embed(environment, session, tokenizer.encode("A cat is asleep on the warm stones.", LENGTH));
            final float[] kitten = embed(environment, session, tokenizer.encode("A kitten sleeps on a hot rock.", LENGTH));
            final float[] prices = embed(environment, session, tokenizer.encode("Prices fell in the last quarter.", LENGTH));
            assertTrue(cosine(cat, kitten) > 0.6, "cat and kitten: " + cosine(cat, kitten));
            assertTrue(cosine(cat, prices) < 0.2, "cat and prices: " + cosine(cat, prices));
        }
    }

    @Test
    void whatIsNotThereIsSaidSo(@TempDir final Path directory) {
        assertThrows(NoSuchFileException.class, () -> PackagedModels.extract("nothing.onnx", directory));
        assertEquals(0, directory.toFile().list().length);
    }

    private static float[] embed(final OrtEnvironment environment, final OrtSession session, final TokenIds ids)
            throws OrtException {
        try (OnnxTensor inputIds = tensor(environment, ids.inputIds());
            OnnxTensor mask = tensor(environment, ids.attentionMask());
            OnnxTensor types = tensor(environment, ids.tokenTypeIds());
            OrtSession.Result result = session.run(
                Map.of("input_ids", inputIds, "attention_mask", mask, "token_type_ids", types))) {
            final FloatBuffer hidden = ((OnnxTensor) result.get(0)).getFloatBuffer();
            final float[] mean = new float[PackagedModels.MINILM_WIDTH];
            for (int token = 0; token < ids.tokens(); token++) {
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += hidden.get(token * mean.length + i) / ids.tokens();
                }
            }
            return mean;
        }
    }

    private static OnnxTensor tensor(final OrtEnvironment environment, final long[] values) throws OrtException {
        return OnnxTensor.createTensor(environment, LongBuffer.wrap(values), new long[] {1, values.length});
    }

    private static double cosine(final float[] a, final float[] b) {
        double product = 0;
        double squareA = 0;
        double squareB = 0;
        for (int i = 0; i < a.length; i++) {
            product += a[i] * b[i];
            squareA += a[i] * a[i];
            squareB += b[i] * b[i];
        }
        return product / Math.sqrt(squareA * squareB);
    }
}
