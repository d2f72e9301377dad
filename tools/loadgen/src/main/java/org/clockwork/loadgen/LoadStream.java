package org.clockwork.loadgen;

import org.clockwork.schema.Protocol;

/**
 * One source of requests: when they are due, for which models and by which SLO. Owned by the thread of its
 * {@link LoadDriver}.
 */
public final class LoadStream {
    private final int index;
    private final String name;
    private final Arrivals arrivals;
    private final long[] modelIds;
    private final int[] groups;
    private final long sloNs;
    private final ModelChoice choice;
    private long sequence;
    private int nextModel;

    /**
     * A stream over one or several models, chosen uniformly.
     *
     * @param index    of the stream in its driver.
     * @param name     for people.
     * @param arrivals when requests are due.
     * @param modelIds ids of the models.
     * @param groups   per model, the index of its group in the recorder.
     * @param sloNs    of each request, or {@link Protocol#NULL_NS} for none.
     * @param choice   stream of random numbers that picks the model.
     */
    public LoadStream(
        final int index, final String name, final Arrivals arrivals,
        final long[] modelIds, final int[] groups, final long sloNs, final Xoshiro choice) {
        this(index, name, arrivals, modelIds, groups, sloNs, ModelChoice.uniform(Math.max(1, modelIds.length), choice));
    }

    /**
     * A stream over one or several models, chosen as {@code choice} says.
     *
     * @param index    of the stream in its driver.
     * @param name     for people.
     * @param arrivals when requests are due.
     * @param modelIds ids of the models.
     * @param groups   per model, the index of its group in the recorder.
     * @param sloNs    of each request, or {@link Protocol#NULL_NS} for none.
     * @param choice   picks the model of each request.
     */
    public LoadStream(
        final int index, final String name, final Arrivals arrivals,
        final long[] modelIds, final int[] groups, final long sloNs, final ModelChoice choice) {
        if (0 == modelIds.length || modelIds.length != groups.length) {
            throw new IllegalArgumentException(
                "a stream has models and a group for each: models=" + modelIds.length + " groups=" + groups.length);
        }
        if (sloNs <= 0 && Protocol.NULL_NS != sloNs) {
            throw new IllegalArgumentException("an SLO is positive or absent: sloNs=" + sloNs);
        }
        this.index = index;
        this.name = name;
        this.arrivals = arrivals;
        this.modelIds = modelIds.clone();
        this.groups = groups.clone();
        this.sloNs = sloNs;
        this.choice = choice;
        pickModel();
    }

    /** Its index in its driver. */
    public int index() {
        return index;
    }

    /** For people. */
    public String name() {
        return name;
    }

    /** When its requests are due. */
    public Arrivals arrivals() {
        return arrivals;
    }

    /** Id of the model of this index. */
    public long modelId(final int modelIndex) {
        return modelIds[modelIndex];
    }

    /** Models to choose from. */
    public int modelCount() {
        return modelIds.length;
    }

    /** SLO of each request, or {@link Protocol#NULL_NS}. */
    public long sloNs() {
        return sloNs;
    }

    int group(final int modelIndex) {
        return groups[modelIndex];
    }

    long sequence() {
        return sequence;
    }

    int nextModel() {
        return nextModel;
    }

    /** Goes on to the next request. */
    void advance() {
        arrivals.advance();
        sequence++;
        pickModel();
    }

    private void pickModel() {
        nextModel = choice.next(arrivals.dueNs());
    }
}
