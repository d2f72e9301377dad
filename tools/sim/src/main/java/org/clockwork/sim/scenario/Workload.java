package org.clockwork.sim.scenario;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clockwork.client.ModelInfo;
import org.clockwork.loadgen.Arrivals;
import org.clockwork.loadgen.LoadObserver;
import org.clockwork.loadgen.LoadStream;
import org.clockwork.loadgen.ModelChoice;
import org.clockwork.loadgen.Recorder;

/** What is sent to a simulated system: streams of requests, how long, and where they are counted. For one run. */
public final class Workload {
    private final List<LoadStream> streams = new ArrayList<>();
    private final List<List<ModelInfo>> models = new ArrayList<>();
    private final Recorder recorder;
    private final long warmupNs;
    private final long durationNs;
    private LoadObserver observer = LoadObserver.NONE;

    /**
     * A workload without streams.
     *
     * @param groups     rows of its summary.
     * @param warmupNs   requests due before this are not counted.
     * @param durationNs length of the counted part.
     */
    public Workload(final List<String> groups, final long warmupNs, final long durationNs) {
        recorder = new Recorder(groups);
        this.warmupNs = warmupNs;
        this.durationNs = durationNs;
    }

    /** Adds a stream over these models, all of which are counted in one group. */
    public Workload add(
        final int group, final Arrivals arrivals, final List<ModelInfo> streamModels, final ModelChoice choice,
        final long sloNs) {
        final long[] ids = streamModels.stream().mapToLong(ModelInfo::modelId).toArray();
        final int[] groups = new int[ids.length];
        Arrays.fill(groups, group);
        streams.add(new LoadStream(streams.size(), "stream-" + streams.size(), arrivals, ids, groups, sloNs, choice));
        models.add(List.copyOf(streamModels));
        return this;
    }

    /** Also shows each counted request to an observer. */
    public Workload observer(final LoadObserver loadObserver) {
        observer = loadObserver;
        return this;
    }

    /** Where its requests are counted. */
    public Recorder recorder() {
        return recorder;
    }

    List<LoadStream> streams() {
        return streams;
    }

    List<List<ModelInfo>> models() {
        return models;
    }

    LoadObserver observer() {
        return observer;
    }

    long warmupNs() {
        return warmupNs;
    }

    long durationNs() {
        return durationNs;
    }
}
