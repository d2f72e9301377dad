package org.clockwork.device.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.agrona.ErrorHandler;
import org.clockwork.compiler.Plan;

/**
 * The convolution algorithms of a model on one kind of GPU: those that were found to be the fastest when the model was
 * profiled, kept in a file beside it so that a restart chooses the same; until then those that cuDNN holds to be so. The
 * compiling thread makes the choices, an execution engine's changes them, and a thread of its own writes the file.
 */
final class AlgorithmChoices {
    private static final String THREAD_NAME = "cuda-algorithms";

    private final Path file;
    private final String head;
    private final ErrorHandler errorHandler;
    private final Map<String, Integer> stored = new HashMap<>();
    private final Map<String, Choice> choices = new TreeMap<>();
    private boolean isChanged;

    /** What one convolution is computed by. Read by engines, one of which may change it. */
    static final class Choice {
        private final List<ConvShape.Algorithm> candidates;
        private volatile ConvShape.Algorithm chosen;
        private volatile boolean isMeasured;

        private Choice(final List<ConvShape.Algorithm> candidates, final Integer known) {
            this.candidates = List.copyOf(candidates);
            chosen = candidates.get(0);
            for (final ConvShape.Algorithm candidate : candidates) {
                if (known != null && candidate.number() == known) {
                    chosen = candidate;
                    isMeasured = true;
                }
            }
        }

        /** What may be chosen, the most promising first. */
        List<ConvShape.Algorithm> candidates() {
            return candidates;
        }

        ConvShape.Algorithm chosen() {
            return chosen;
        }

        /** Whether it was found by measuring on this kind of GPU. */
        boolean isMeasured() {
            return isMeasured;
        }

        /** Measured as the fastest. */
        void choose(final ConvShape.Algorithm fastest) {
            chosen = fastest;
            isMeasured = true;
        }
    }

    private AlgorithmChoices(final Path file, final String head, final ErrorHandler errorHandler) {
        this.file = file;
        this.head = head;
        this.errorHandler = errorHandler;
    }

    /** What the file says, if it is of the same GPU, driver, libraries and plans; else nothing yet. */
    static AlgorithmChoices read(final Path file, final String fingerprint, final List<Plan> plans,
        final ErrorHandler errorHandler) {
        final String head = fingerprint + ' ' + plans.stream().map(plan -> Long.toHexString(plan.checksum()))
            .collect(Collectors.joining(" "));
        final AlgorithmChoices choices = new AlgorithmChoices(file, head, errorHandler);
        try {
            final List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
            if (!lines.isEmpty() && lines.get(0).equals(head)) {
                for (final String line : lines.subList(1, lines.size())) {
                    final String[] parts = line.split("=", 2);
                    choices.stored.put(parts[0], Integer.parseInt(parts[1]));
                }
            }
        } catch (final IOException | RuntimeException e) {
            // measuring again puts it right
            choices.stored.clear();
        }
        return choices;
    }

    /**
     * The choice for a step of a plan.
     *
     * @param candidates what can be had within the workspace, at least one, the most promising first.
     */
    synchronized Choice choice(final int batchSize, final int step, final List<ConvShape.Algorithm> candidates) {
        final String key = batchSize + ":" + step;
        return choices.computeIfAbsent(key, name -> new Choice(candidates, stored.get(key)));
    }

    /** Something was measured: the file is written soon, by another thread. */
    void onMeasured() {
        synchronized (this) {
            isChanged = true;
        }
        final Thread thread = new Thread(this::save, THREAD_NAME);
        thread.setDaemon(true);
        thread.setPriority(Thread.MIN_PRIORITY);
        thread.start();
    }

    /** Writes the file if anything was measured since it was written. */
    synchronized void save() {
        if (!isChanged) {
            return;
        }
        isChanged = false;
        final StringBuilder text = new StringBuilder(head).append('\n');
        choices.forEach((key, choice) -> {
            if (choice.isMeasured()) {
                text.append(key).append('=').append(choice.chosen().number()).append('\n');
            }
        });
        try {
            final Path temporary = Files.createTempFile(file.toAbsolutePath().getParent(), "algorithms-", ".tmp");
            try {
                Files.write(temporary, text.toString().getBytes(StandardCharsets.UTF_8));
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (final IOException e) {
            errorHandler.onError(e);
        }
    }
}
