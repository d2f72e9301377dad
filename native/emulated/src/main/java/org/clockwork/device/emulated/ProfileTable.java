package org.clockwork.device.emulated;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The profiles that an emulated device knows, by name. Immutable; any thread may read it.
 *
 * <p>Its file is CSV: a header {@code model,weights_bytes,load_ns,input_bytes,output_bytes,b1_ns,b2_ns,...} with any rising
 * batch sizes from 1, then one row a model; the largest batches of a row may be left empty; lines that start with {@code #}
 * and empty lines are skipped.
 */
public final class ProfileTable {
    private static final String PUBLISHED = "v100-profiles.csv";
    private static final List<String> FIXED_COLUMNS =
        List.of("model", "weights_bytes", "load_ns", "input_bytes", "output_bytes");

    private final Map<String, Profile> profiles;

    private ProfileTable(final Map<String, Profile> profiles) {
        this.profiles = profiles;
    }

    /** The published figures of 64 DNNs on an NVIDIA V100 (source: head of the resource), and {@link Profile#zero()}. */
    public static ProfileTable published() {
        try (Reader reader = new InputStreamReader(ProfileTable.class.getResourceAsStream(PUBLISHED), StandardCharsets.UTF_8)) {
            return parse(reader, PUBLISHED).with(Profile.zero());
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Only {@link Profile#zero()}. */
    public static ProfileTable zero() {
        return new ProfileTable(Map.of()).with(Profile.zero());
    }

    /**
     * Reads a table of one's own; {@link Profile#zero()} is added unless it has a row of that name.
     *
     * @throws IllegalArgumentException for a bad line, as {@code file:line: reason}.
     * @throws IOException              if the file can't be read.
     */
    public static ProfileTable load(final Path file) throws IOException {
        try (Reader reader = Files.newBufferedReader(file)) {
            final ProfileTable table = parse(reader, file.toString());
            return table.find(Profile.ZERO) == null ? table.with(Profile.zero()) : table;
        }
    }

    /**
     * Reads a table.
     *
     * @param source for messages: the file's name.
     * @throws IllegalArgumentException for a bad line, as {@code file:line: reason}.
     */
    static ProfileTable parse(final Reader reader, final String source) throws IOException {
        final BufferedReader lines = new BufferedReader(reader);
        final Map<String, Profile> rows = new LinkedHashMap<>();
        int[] batchSizes = null;
        int lineNumber = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            lineNumber++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            try {
                final String[] cells = line.strip().split("\\s*,\\s*", -1);
                if (batchSizes == null) {
                    batchSizes = header(cells);
                } else {
                    final Profile profile = row(cells, batchSizes);
                    if (rows.putIfAbsent(profile.name(), profile) != null) {
                        throw new IllegalArgumentException("a second row for " + profile.name());
                    }
                }
            } catch (final IllegalArgumentException ex) {
                throw new IllegalArgumentException(source + ":" + lineNumber + ": " + ex.getMessage(), ex);
            }
        }
        if (rows.isEmpty()) {
            throw new IllegalArgumentException(source + ":" + Math.max(1, lineNumber) + ": there are no rows");
        }
        return new ProfileTable(rows);
    }

    /** This table and more rows; a row of a name that is taken replaces it. */
    public ProfileTable with(final Profile... more) {
        final Map<String, Profile> rows = new LinkedHashMap<>(profiles);
        for (final Profile profile : more) {
            rows.put(profile.name(), profile);
        }
        return new ProfileTable(rows);
    }

    /** The row of this name, or null. */
    public Profile find(final String name) {
        return profiles.get(name);
    }

    /** All names in the order of the table. */
    public List<String> names() {
        return List.copyOf(profiles.keySet());
    }

    /** All rows in the order of the table. */
    public List<Profile> profiles() {
        return List.copyOf(profiles.values());
    }

    /** Largest batch of any row. */
    public int maxBatch() {
        return profiles.values().stream().mapToInt(Profile::maxBatch).max().orElse(1);
    }

    private static int[] header(final String[] cells) {
        final int fixed = FIXED_COLUMNS.size();
        if (cells.length <= fixed || !FIXED_COLUMNS.equals(Arrays.asList(cells).subList(0, fixed))) {
            throw new IllegalArgumentException("expected the header " + String.join(",", FIXED_COLUMNS) + ",b1_ns,b2_ns,...");
        }
        final int[] batchSizes = new int[cells.length - fixed];
        for (int i = 0; i < batchSizes.length; i++) {
            final String cell = cells[fixed + i];
            if (!cell.matches("b[1-9][0-9]{0,3}_ns")) {
                throw new IllegalArgumentException("expected a column such as b4_ns but got '" + cell + "'");
            }
            batchSizes[i] = Integer.parseInt(cell.substring(1, cell.length() - "_ns".length()));
        }
        return batchSizes;
    }

    private static Profile row(final String[] cells, final int[] batchSizes) {
        final int fixed = FIXED_COLUMNS.size();
        if (cells.length != fixed + batchSizes.length) {
            throw new IllegalArgumentException("expected " + (fixed + batchSizes.length) + " columns but got " + cells.length);
        }
        int last = cells.length;
        while (last > fixed && cells[last - 1].isEmpty()) {
            last--;
        }
        final List<Profile.Execution> executions = new ArrayList<>();
        for (int i = fixed; i < last; i++) {
            final int batchSize = batchSizes[i - fixed];
            executions.add(new Profile.Execution(batchSize, number(cells[i], "b" + batchSize + "_ns", Long.MAX_VALUE)));
        }
        return new Profile(cells[0],
            number(cells[1], "weights_bytes", Long.MAX_VALUE), number(cells[2], "load_ns", Long.MAX_VALUE),
            (int) number(cells[3], "input_bytes", Integer.MAX_VALUE), (int) number(cells[4], "output_bytes", Integer.MAX_VALUE),
            executions);
    }

    private static long number(final String cell, final String column, final long max) {
        try {
            final long value = Long.parseLong(cell);
            if (value <= max) {
                return value;
            }
        } catch (final NumberFormatException ex) {
            throw new IllegalArgumentException(column + " is no whole number: '" + cell + "'", ex);
        }
        throw new IllegalArgumentException(column + " is too large: '" + cell + "'");
    }
}
