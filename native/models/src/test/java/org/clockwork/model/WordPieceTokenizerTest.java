package org.clockwork.model;

import static org.junit.jupiter.api.Assertions.*;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Token numbers of the published vocabulary, and the edges of cutting and padding. */
final class WordPieceTokenizerTest {
    private static WordPieceTokenizer tokenizer;

    @BeforeAll
    static void read() throws IOException {
        tokenizer = PackagedModels.miniLmTokenizer();
    }

    @Test
    void knownTextsHaveTheirKnownNumbers() {
        expect("hello world", 7592, 2088);
        expect("Hello, how are you?", 7592, 1010, 2129, 2024, 2017, 1029);
        expect("unaffable", 14477, 20961, 3468);
        expect("Tokenization", 19204, 3989);
        expect("embeddings", 7861, 8270, 4667, 2015);
        expect("", new long[0]);
        expect(" \t\n ", new long[0]);
    }

    @Test
    void textIsCleanedFirst() {
        expect("H\u00e9LLO\u0000 \u200bw\u00f6rld\u3000", 7592, 2088);
        expect("hello\u00a0world", 7592, 2088);
        expect("hello-world", 7592, 1011, 2088);
        expect("hello\u2014world", 7592, 1517, 2088);
        expect("$hello", 1002, 7592);
        assertEquals(2, numbers("\u4e00\u4e8c").length, "each ideograph is a word");
        expect("\ud83e\udd80", 100);
    }

    @Test
    void wordsThatAreTooLongAreUnknown() throws IOException {
        final WordPieceTokenizer small = WordPieceTokenizer.of(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##a", "b"), 5);
        assertArrayEquals(new long[] {2, 4, 5, 5, 5, 5, 3}, small.encode("aaaaa", 7).inputIds());
        assertArrayEquals(new long[] {2, 1, 3, 0, 0, 0, 0}, small.encode("aaaaaa", 7).inputIds());
        assertArrayEquals(new long[] {2, 1, 6, 3, 0, 0, 0}, small.encode("aab b", 7).inputIds());
    }

    @Test
    void textsAreCutAndPaddedToTheLength() {
        final TokenIds exact = tokenizer.encode("hello world", 4);
        assertArrayEquals(new long[] {101, 7592, 2088, 102}, exact.inputIds());
        assertEquals(4, exact.tokens());
        final TokenIds cut = tokenizer.encode("hello world", 3);
        assertArrayEquals(new long[] {101, 7592, 102}, cut.inputIds());
        final TokenIds padded = tokenizer.encode("hello world", 6);
        assertArrayEquals(new long[] {101, 7592, 2088, 102, 0, 0}, padded.inputIds());
        assertArrayEquals(new long[] {1, 1, 1, 1, 0, 0}, padded.attentionMask());
        assertArrayEquals(new long[6], padded.tokenTypeIds());
        assertArrayEquals(new long[] {101, 102}, tokenizer.encode("hello", 2).inputIds());
        assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("hello", 1));
        final ByteBuffer bytes = ByteBuffer.wrap(padded.toBytes()).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(3 * 6 * Long.BYTES, bytes.capacity());
        assertEquals(7592, bytes.getLong(8));
        assertEquals(1, bytes.getLong(6 * 8 + 24));
        assertEquals(0, bytes.getLong(6 * 8 + 32));
    }

    @Test
    void otherTokenizersAreRefused() {
        refused("{\"model\":{\"type\":\"BPE\"},\"normalizer\":{\"lowercase\":true}}");
        refused("{\"model\":{\"type\":\"WordPiece\",\"continuing_subword_prefix\":\"##\"}}");
        refused("{\"model\":");
        assertThrows(IllegalArgumentException.class, () -> WordPieceTokenizer.of(List.of("[PAD]"), 5));
    }

    private static void refused(final String json) {
        assertThrows(IOException.class,
            () -> WordPieceTokenizer.read(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8))));
    }

    private static void expect(final String text, final long... ids) {
        assertArrayEquals(ids, numbers(text), () -> text + ": " + Arrays.toString(numbers(text)));
    }

    private static long[] numbers(final String text) {
        final TokenIds ids = tokenizer.encode(text, 64);
        assertEquals(101, ids.inputIds()[0]);
        assertEquals(102, ids.inputIds()[ids.tokens() - 1]);
        return Arrays.copyOfRange(ids.inputIds(), 1, ids.tokens() - 1);
    }
}
