package org.clockwork.loadgen;

import java.util.ArrayList;
import java.util.List;

/** Text in aligned columns: numbers to the right, the first column and columns with words to the left. */
public final class Table {
    private static final String GAP = "  ";

    private final List<String[]> rows = new ArrayList<>();
    private final int columns;

    /** A table with this head. */
    public Table(final String... head) {
        columns = head.length;
        rows.add(head);
        line();
    }

    /** Adds a row of as many cells as the head has. */
    public Table row(final String... cells) {
        if (cells.length != columns) {
            throw new IllegalArgumentException("a row has a cell for each column: cells=" + cells.length + " columns=" + columns);
        }
        rows.add(cells.clone());
        return this;
    }

    /** Adds a line across all columns. */
    public Table line() {
        rows.add(null);
        return this;
    }

    @Override
    public String toString() {
        final int[] widths = new int[columns];
        final boolean[] isLeft = new boolean[columns];
        isLeft[0] = true;
        int total = GAP.length() * (columns - 1);
        for (final String[] row : rows) {
            for (int i = 0; null != row && i < columns; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
                isLeft[i] |= row != rows.get(0) && !row[i].isEmpty() && Character.isLetter(row[i].charAt(0));
            }
        }
        for (final int width : widths) {
            total += width;
        }
        final StringBuilder text = new StringBuilder();
        for (final String[] row : rows) {
            if (null == row) {
                text.append("-".repeat(total));
            } else {
                appendRow(text, row, widths, isLeft);
            }
            text.append(System.lineSeparator());
        }
        text.setLength(text.length() - System.lineSeparator().length());
        return text.toString();
    }

    private static void appendRow(
        final StringBuilder text, final String[] row, final int[] widths, final boolean[] isLeft) {
        final int start = text.length();
        for (int i = 0; i < row.length; i++) {
            final String padding = " ".repeat(widths[i] - row[i].length());
            text.append(0 == i ? "" : GAP).append(isLeft[i] ? row[i] + padding : padding + row[i]);
        }
        int end = text.length();
        while (end > start && ' ' == text.charAt(end - 1)) {
            end--;
        }
        text.setLength(end);
    }
}
