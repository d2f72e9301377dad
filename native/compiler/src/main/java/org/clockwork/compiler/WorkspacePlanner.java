package org.clockwork.compiler;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Gives each storage of the workspace its place, so that storages in use at the same time don't overlap. Stateless. */
final class WorkspacePlanner {
    private WorkspacePlanner() {
    }

    /** Notes when each storage is in use. */
    static void noteUses(final List<Step> steps) {
        for (final Step step : steps) {
            step.output().storage().forgetUse();
            step.reads().forEach(Storage::forgetUse);
        }
        for (int i = 0; i < steps.size(); i++) {
            steps.get(i).output().storage().useAt(i);
            for (final Storage read : steps.get(i).reads()) {
                read.useAt(i);
            }
        }
    }

    /**
     * Places all storages, the largest first, each at the lowest address that is free while it is in use.
     *
     * @return bytes of the whole workspace.
     */
    static long place(final List<Step> steps) {
        noteUses(steps);
        final Set<Storage> all = new LinkedHashSet<>();
        for (final Step step : steps) {
            all.addAll(step.reads());
            all.add(step.output().storage());
        }
        final List<Storage> waiting = new ArrayList<>(all);
        waiting.removeIf(storage -> storage.kind() != Storage.Kind.WORKSPACE);
        waiting.sort(Comparator.comparingLong(Storage::bytes).reversed());
        final List<Storage> placed = new ArrayList<>();
        long end = 0;
        for (final Storage storage : waiting) {
            storage.placeAt(lowestFree(storage, placed));
            placed.add(storage);
            placed.sort(Comparator.comparingLong(Storage::offset));
            end = Math.max(end, storage.offset() + storage.bytes());
        }
        return end;
    }

    private static long lowestFree(final Storage storage, final List<Storage> placedByOffset) {
        long at = 0;
        for (final Storage other : placedByOffset) {
            final boolean meet = other.firstStep() <= storage.lastStep() && storage.firstStep() <= other.lastStep();
            if (meet && other.offset() + other.bytes() > at) {
                if (other.offset() - at >= storage.bytes()) {
                    return at;
                }
                at = other.offset() + other.bytes();
            }
        }
        return at;
    }
}
