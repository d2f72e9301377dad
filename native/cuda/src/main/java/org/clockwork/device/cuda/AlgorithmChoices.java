package org.clockwork.device.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.clockwork.compiler.Plan;

/**
 * The convolution algorithms of a model on one kind of GPU, chosen when it was first compiled and kept in a file beside it,
 * so that a restart chooses the same. Used by the compiling thread.
 */
final class AlgorithmChoices {
    /** No algorithm of cuDNN: our own kernel. */
    static final int DIRECT = 1000;
    private static final int UNKNOWN = -1;

    private final Path file;
    private final String head;
    private final Map<String, Integer> choices = new TreeMap<>();
    private boolean isChanged;

    private AlgorithmChoices(final Path file, final String head) {
        this.file = file;
        this.head = head;
    }

    /** What the file says, if it is of the same GPU, libraries and plans; else nothing yet. */
    static AlgorithmChoices read(final Path file, final String fingerprint, final List<Plan> plans) {
        final String head = fingerprint + ' ' + plans.stream().map(plan -> Long.toHexString(plan.checksum()))
            .collect(Collectors.joining(" "));
        final AlgorithmChoices choices = new AlgorithmChoices(file, head);
        try {
            final List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
            if (!lines.isEmpty() && lines.get(0).equals(head)) {
                for (final String line : lines.subList(1, lines.size())) {
                    final String[] parts = line.split("=", 2);
                    choices.choices.put(parts[0], Integer.parseInt(parts[1]));
                }
            }
        } catch (final IOException | RuntimeException e) {
            // choosing again puts it right
            choices.choices.clear();
        }
        return choices;
    }

    /** The algorithm of a step; negative if none was chosen yet. */
    int of(final int batchSize, final int step) {
        return choices.getOrDefault(batchSize + ":" + step, UNKNOWN);
    }

    void put(final int batchSize, final int step, final int algorithm) {
        final Integer before = choices.put(batchSize + ":" + step, algorithm);
        isChanged |= before == null || before != algorithm;
    }

    /** Writes the file if anything was chosen anew. */
    void save() throws IOException {
        if (!isChanged) {
            return;
        }
        final StringBuilder text = new StringBuilder(head).append('\n');
        choices.forEach((key, algorithm) -> text.append(key).append('=').append(algorithm).append('\n'));
        final Path temporary = Files.createTempFile(file.toAbsolutePath().getParent(), "algorithms-", ".tmp");
        try {
            Files.write(temporary, text.toString().getBytes(StandardCharsets.UTF_8));
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
