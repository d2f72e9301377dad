package org.clockwork.controller.model;

import java.io.IOException;
import java.util.ArrayDeque;
import org.clockwork.controller.ControllerCounter;
import org.clockwork.controller.ControllerCounters;
import org.clockwork.controller.storage.Storage;
import org.clockwork.controller.storage.StorageTask;

/**
 * Keeps the catalogue's file up to date, one write at a time, and tells who waits for it that a change is safe. Owned by
 * the controller agent.
 */
final class CatalogueSaver {
    private final Catalogue catalogue;
    private final CatalogueFile file;
    private final Storage storage;
    private final ControllerCounters counters;
    private final long retryNs;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private long savedChanges;
    private boolean isSaving;
    private boolean isRetrying;
    private long retryAtNs;

    /** Told once that a change is in the file, or that it could not be written. */
    @FunctionalInterface
    interface Saved {
        /** The reason is null when the change is safe. */
        void onSaved(String whyNot, long nowNs);
    }

    /** Who waits for which change. */
    private record Waiting(long change, Saved whenSaved) {
    }

    CatalogueSaver(
        final Catalogue catalogue,
        final CatalogueFile file,
        final Storage storage,
        final ControllerCounters counters,
        final long retryNs) {
        this.catalogue = catalogue;
        this.file = file;
        this.storage = storage;
        this.counters = counters;
        this.retryNs = retryNs;
        savedChanges = catalogue.changes();
    }

    /** Calls back once all changes made up to now are safe, or could not be written. */
    void whenSaved(final Saved whenSaved) {
        waiting.addLast(new Waiting(catalogue.changes(), whenSaved));
    }

    /**
     * Starts a write if there is something to write.
     *
     * @return work done.
     */
    int poll(final long nowNs) {
        if (isSaving || isRetrying && nowNs - retryAtNs < 0) {
            return 0;
        }
        if (savedChanges == catalogue.changes()) {
            isRetrying = false;
            return tell(savedChanges, null, nowNs);
        }
        isRetrying = false;
        final SaveTask task = new SaveTask(catalogue.toRecord(), catalogue.changes());
        isSaving = storage.submit(task);
        if (!isSaving) {
            isRetrying = true;
            retryAtNs = nowNs + retryNs;
        }
        return 1;
    }

    /** When {@link #poll} has something to do though nothing happened; Long.MAX_VALUE for never. */
    long nextWakeNs() {
        return isRetrying && !isSaving ? retryAtNs : Long.MAX_VALUE;
    }

    private int tell(final long change, final String whyNot, final long nowNs) {
        int told = 0;
        while (!waiting.isEmpty() && waiting.peekFirst().change <= change) {
            waiting.removeFirst().whenSaved.onSaved(whyNot, nowNs);
            told++;
        }
        return told;
    }

    /** One write of the file. */
    private final class SaveTask extends StorageTask {
        private final CatalogueRecord record;
        private final long change;

        SaveTask(final CatalogueRecord record, final long change) {
            this.record = record;
            this.change = change;
        }

        @Override
        protected void execute() throws IOException {
            file.write(record);
        }

        @Override
        protected void onDone(final IOException why, final long nowNs) {
            isSaving = false;
            if (why == null) {
                counters.increment(ControllerCounter.CATALOGUE_SAVES);
                savedChanges = change;
                tell(change, null, nowNs);
            } else {
                counters.increment(ControllerCounter.CATALOGUE_SAVES_FAILED);
                isRetrying = true;
                retryAtNs = nowNs + retryNs;
                tell(change, why.toString(), nowNs);
            }
        }
    }
}
