package org.clockwork.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns text into the numbers that an uncased BERT-like model takes (Devlin et al. 2018, section 3; WordPiece: Wu et al.
 * 2016): cleaned, accents off, lower case, split at spaces and punctuation, then each word into the longest pieces of the
 * vocabulary. Immutable; any thread may use it.
 */
public final class WordPieceTokenizer {
    private static final String CONTINUATION = "##";

    private final Map<String, Integer> vocabulary;
    private final int maxWordLength;
    private final int padId;
    private final int unknownId;
    private final int startId;
    private final int endId;

    private WordPieceTokenizer(final Map<String, Integer> vocabulary, final int maxWordLength) {
        this.vocabulary = vocabulary;
        this.maxWordLength = maxWordLength;
        padId = special("[PAD]");
        unknownId = special("[UNK]");
        startId = special("[CLS]");
        endId = special("[SEP]");
    }

    /**
     * Reads a {@code tokenizer.json} of an uncased WordPiece model.
     *
     * @throws IOException if it is none.
     */
    public static WordPieceTokenizer read(final InputStream json) throws IOException {
        final JsonNode root = new ObjectMapper().readTree(json);
        final JsonNode model = root.path("model");
        final boolean isUncased = root.path("normalizer").path("lowercase").asBoolean(false);
        final boolean isWordPiece = "WordPiece".equals(model.path("type").asText())
            && CONTINUATION.equals(model.path("continuing_subword_prefix").asText());
        if (!isWordPiece || !isUncased) {
            throw new IOException("the tokenizer is no uncased WordPiece: type=" + model.path("type").asText());
        }
        final Map<String, Integer> vocabulary = new HashMap<>();
        model.path("vocab").properties().forEach(entry -> vocabulary.put(entry.getKey(), entry.getValue().asInt()));
        return new WordPieceTokenizer(vocabulary, model.path("max_input_chars_per_word").asInt(100));
    }

    /** A tokenizer of these pieces, numbered in their order. */
    static WordPieceTokenizer of(final List<String> pieces, final int maxWordLength) {
        final Map<String, Integer> vocabulary = new HashMap<>();
        pieces.forEach(piece -> vocabulary.put(piece, vocabulary.size()));
        return new WordPieceTokenizer(vocabulary, maxWordLength);
    }

    /**
     * The numbers of a text between those of start and end, cut or padded to {@code length}.
     *
     * @param length at least 2.
     */
    public TokenIds encode(final String text, final int length) {
        if (length < 2) {
            throw new IllegalArgumentException("length=" + length + " leaves no room for start and end");
        }
        final List<Integer> pieces = new ArrayList<>();
        for (final String word : words(text)) {
            addPieces(word, pieces);
        }
        final int kept = Math.min(pieces.size(), length - 2);
        final long[] inputIds = new long[length];
        final long[] attentionMask = new long[length];
        Arrays.fill(inputIds, padId);
        Arrays.fill(attentionMask, 0, kept + 2, 1);
        inputIds[0] = startId;
        for (int i = 0; i < kept; i++) {
            inputIds[i + 1] = pieces.get(i);
        }
        inputIds[kept + 1] = endId;
        return new TokenIds(inputIds, attentionMask, new long[length]);
    }

    private void addPieces(final String word, final List<Integer> pieces) {
        final int[] letters = word.codePoints().toArray();
        final int before = pieces.size();
        int from = 0;
        while (from < letters.length && letters.length <= maxWordLength) {
            int to = letters.length;
            Integer id = null;
            while (to > from && id == null) {
                final String piece = new String(letters, from, to - from);
                id = vocabulary.get(from == 0 ? piece : CONTINUATION + piece);
                to--;
            }
            if (id == null) {
                break;
            }
            pieces.add(id);
            from = to + 1;
        }
        if (from < letters.length) {
            pieces.subList(before, pieces.size()).clear();
            pieces.add(unknownId);
        }
    }

    /** Words and single punctuation marks in their order. */
    private static List<String> words(final String text) {
        final StringBuilder cleaned = new StringBuilder();
        text.codePoints().filter(letter -> !isDropped(letter)).forEach(letter -> {
            if (isChinese(letter)) {
                cleaned.append(' ').appendCodePoint(letter).append(' ');
            } else {
                cleaned.appendCodePoint(isSpace(letter) ? ' ' : letter);
            }
        });
        final List<String> words = new ArrayList<>();
        final StringBuilder word = new StringBuilder();
        Normalizer.normalize(cleaned, Normalizer.Form.NFD).codePoints()
            .filter(letter -> Character.getType(letter) != Character.NON_SPACING_MARK).map(Character::toLowerCase)
            .forEach(letter -> {
                if (isSpace(letter) || isPunctuation(letter)) {
                    finish(word, words);
                    if (isPunctuation(letter)) {
                        words.add(Character.toString(letter));
                    }
                } else {
                    word.appendCodePoint(letter);
                }
            });
        finish(word, words);
        return words;
    }

    private static void finish(final StringBuilder word, final List<String> words) {
        if (!word.isEmpty()) {
            words.add(word.toString());
            word.setLength(0);
        }
    }

    private static boolean isDropped(final int letter) {
        return switch (Character.getType(letter)) {
            case Character.CONTROL -> letter != '\t' && letter != '\n' && letter != '\r';
            case Character.FORMAT, Character.PRIVATE_USE, Character.UNASSIGNED, Character.SURROGATE -> true;
            default -> letter == 0xFFFD;
        };
    }

    private static boolean isSpace(final int letter) {
        return letter == '\t' || letter == '\n' || letter == '\r' || Character.isSpaceChar(letter);
    }

    private static boolean isPunctuation(final int letter) {
        if (letter < 128) {
            return letter > ' ' && letter < 127 && !Character.isLetterOrDigit(letter);
        }
        return switch (Character.getType(letter)) {
            case Character.CONNECTOR_PUNCTUATION, Character.DASH_PUNCTUATION, Character.START_PUNCTUATION,
                Character.END_PUNCTUATION, Character.INITIAL_QUOTE_PUNCTUATION, Character.FINAL_QUOTE_PUNCTUATION,
                Character.OTHER_PUNCTUATION -> true;
            default -> false;
        };
    }

    /** The blocks of unified ideographs, in which each character is a word. */
    private static boolean isChinese(final int letter) {
        return letter >= 0x4E00 && letter <= 0x9FFF || letter >= 0x3400 && letter <= 0x4DBF
            || letter >= 0x20000 && letter <= 0x2A6DF || letter >= 0x2A700 && letter <= 0x2CEAF
            || letter >= 0xF900 && letter <= 0xFAFF || letter >= 0x2F800 && letter <= 0x2FA1F;
    }

    private int special(final String token) {
        final Integer id = vocabulary.get(token);
        if (id == null) {
            throw new IllegalArgumentException("the vocabulary has no " + token);
        }
        return id;
    }
}
