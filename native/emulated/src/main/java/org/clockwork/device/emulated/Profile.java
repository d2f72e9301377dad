package org.clockwork.device.emulated;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.device.Device;

/**
 * What is known of one model on the emulated hardware: one row of a {@link ProfileTable}.
 *
 * @param name         by which models are registered.
 * @param weightsBytes size of the weights, 0 or more; they take at least one page.
 * @param loadNs       duration of a LOAD.
 * @param inputBytes   input of one request.
 * @param outputBytes  output of one request.
 * @param executions   by rising batch size, from 1; a batch in between runs as the next larger one.
 */
public record Profile(String name, long weightsBytes, long loadNs, int inputBytes, int outputBytes, List<Execution> executions) {
    /**
     * Duration of an execution alone.
     *
     * @param batchSize requests in the batch.
     * @param ns        its duration.
     */
    public record Execution(int batchSize, long ns) {
    }

    /** Name of the profile that takes no time: for round-trip tests. */
    public static final String ZERO = "zero";
    /** Largest batch that a row may state. */
    public static final int MAX_BATCH = 1024;

    /** Checks that the row makes sense; the message of the exception is the reason. */
    public Profile {
        executions = List.copyOf(executions);
        check(!name.isBlank() && name.strip().equals(name), "the model's name is empty or has spaces around it");
        check(weightsBytes >= 0, "weights are negative: " + weightsBytes);
        check(weightsBytes <= (long) Device.PAGE_BYTES * Integer.MAX_VALUE, "weights are too large: " + weightsBytes);
        check(loadNs >= 0, "load time is negative: " + loadNs);
        check(inputBytes > 0, "input size is not positive: " + inputBytes);
        check(outputBytes > 0, "output size is not positive: " + outputBytes);
        check(!executions.isEmpty() && executions.get(0).batchSize == 1, "there is no execution time for batch 1");
        int previous = 0;
        for (final Execution execution : executions) {
            check(execution.batchSize > previous, "batch sizes don't rise: " + execution.batchSize + " after " + previous);
            check(execution.batchSize <= MAX_BATCH, "batch " + execution.batchSize + " is larger than " + MAX_BATCH);
            check(execution.ns >= 0, "execution time of batch " + execution.batchSize + " is negative: " + execution.ns);
            previous = execution.batchSize;
        }
    }

    /** Takes no time (but for its few bytes over PCIe) in any batch up to 64, and one page. */
    public static Profile zero() {
        return new Profile(ZERO, 0, 0, 64, 64, List.of(new Execution(1, 0), new Execution(64, 0)));
    }

    /**
     * Reads a made-up row from text such as
     * {@code tiny:weights=100MiB,load=8ms,input=602112,output=4000,b1=2.5ms,b4=5ms}. Sizes may end in KiB, MiB, GiB, KB,
     * MB or GB, times end in ns, us, ms or s; weights and load are 0 if left out, input and output 64 bytes.
     *
     * @throws IllegalArgumentException with the reason.
     */
    public static Profile parse(final String text) {
        final int colon = text.indexOf(':');
        check(colon > 0, "expected NAME:weights=SIZE,load=TIME,input=SIZE,output=SIZE,b1=TIME,... but got '" + text + "'");
        long weights = 0;
        long load = 0;
        long input = 64;
        long output = 64;
        final List<Execution> executions = new ArrayList<>();
        for (final String option : text.substring(colon + 1).split(",", -1)) {
            final int equals = option.indexOf('=');
            check(equals > 0, "expected KEY=VALUE but got '" + option + "'");
            final String key = option.substring(0, equals).strip();
            final String value = option.substring(equals + 1).strip();
            switch (key) {
                case "weights" -> weights = Units.bytes(value);
                case "load" -> load = Units.durationNs(value);
                case "input" -> input = Units.bytes(value);
                case "output" -> output = Units.bytes(value);
                default -> {
                    check(key.matches("b[1-9][0-9]{0,3}"),
                        "unknown key '" + key + "': expected weights, load, input, output, b1, b2...");
                    executions.add(new Execution(Integer.parseInt(key.substring(1)), Units.durationNs(value)));
                }
            }
        }
        check(input <= Integer.MAX_VALUE && output <= Integer.MAX_VALUE, "input or output is larger than 2 GiB");
        return new Profile(text.substring(0, colon).strip(), weights, load, (int) input, (int) output, executions);
    }

    /** Device pages that the weights take. */
    public int pages() {
        return (int) Math.max(1, (weightsBytes + Device.PAGE_BYTES - 1) / Device.PAGE_BYTES);
    }

    /** Largest batch of the row. */
    public int maxBatch() {
        return executions.get(executions.size() - 1).batchSize;
    }

    /** Duration of an execution of {@code batchSize}: that of the next larger row; negative if there is none. */
    public long executeNs(final int batchSize) {
        for (int i = 0; i < executions.size(); i++) {
            if (batchSize <= executions.get(i).batchSize) {
                return batchSize < 1 ? -1 : executions.get(i).ns;
            }
        }
        return -1;
    }

    private static void check(final boolean holds, final String reason) {
        if (!holds) {
            throw new IllegalArgumentException(reason);
        }
    }
}
