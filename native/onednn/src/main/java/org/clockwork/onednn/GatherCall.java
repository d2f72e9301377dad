package org.clockwork.onednn;

import org.agrona.concurrent.UnsafeBuffer;

/** Rows of a table by number. Used by the executing thread. */
final class GatherCall implements Call {
    private final long tableOffset;
    private final UnsafeBuffer table = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer indexes;
    private final UnsafeBuffer output;
    private final int tableRows;
    private final int rowBytes;
    private final int rows;
    private final boolean isLong;

    GatherCall(final long tableOffset, final int tableRows, final int rowBytes, final long indexes, final int rows,
        final boolean isLong, final long output) {
        this.tableOffset = tableOffset;
        this.tableRows = tableRows;
        this.rowBytes = rowBytes;
        this.rows = rows;
        this.isLong = isLong;
        this.indexes = new UnsafeBuffer(indexes, rows * (isLong ? Long.BYTES : Integer.BYTES));
        this.output = new UnsafeBuffer(output, Math.multiplyExact(rows, rowBytes));
    }

    @Override
    public void run() {
        for (int i = 0; i < rows; i++) {
            final long given = isLong ? indexes.getLong(i * Long.BYTES) : indexes.getInt(i * Integer.BYTES);
            final long row = given < 0 ? given + tableRows : given;
            if (row < 0 || row >= tableRows) {
                throw new IllegalArgumentException("Gather: index " + given + " is outside of " + tableRows + " rows");
            }
            output.putBytes(i * rowBytes, table, (int) row * rowBytes, rowBytes);
        }
    }

    @Override
    public void bind(final long weights) {
        table.wrap(weights + tableOffset, tableRows * rowBytes);
    }

    @Override
    public String description() {
        return "gather:java";
    }

    @Override
    public void close() {
        // owns nothing
        return;
    }
}
