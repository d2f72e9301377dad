package org.clockwork.controller.schedule;

import java.util.Arrays;
import org.clockwork.controller.model.Profile;
import org.clockwork.controller.request.Request;

/**
 * The default choice. While everything that waits for a device can still be met in the order of the deadlines, the most
 * efficient batch runs that leaves all others their slack: urgent requests go first only when they have to, and queues
 * grow into larger batches meanwhile. When not everything can be met any more, what counts is goodput: of what can still be
 * met, the most urgent batch among those that score best by efficiency and by how far their model is behind its due; the
 * more is refused, the fewer those are. For a moment the device may wait for a batch to fill. Whole queues are counted,
 * each model's work divided among the devices that hold it. (Moore's rule for the number of late jobs, 1968, as a test
 * rather than an order.) Owned by the controller agent.
 */
final class SlackFirst implements BatchPolicy {
    /** Name of this policy. */
    static final String NAME = "slack";
    /** How far ahead of its start work is sent, beside what its input takes: the later, the better informed. */
    static final long LOOK_AHEAD_NS = 1_000_000L;

    /** Models looked at in one decision, the most urgent ones about. */
    private static final int MAX_CANDIDATES = 128;
    /** Batches of queued requests looked at in one decision. */
    private static final int MAX_BATCHES = 1024;
    private static final int BATCH_BITS = 10;
    /** Requests looked at, one by one, in one queue. */
    private static final int MAX_WALK = 64;
    /** A batch of the queue behind the first. */
    private static final int NEXT_BATCH_INDEX = 4;
    private static final long MAX_DUE_NS = (1L << 62 - BATCH_BITS) - 1;

    /** An efficiency has to be that much better to be preferred to a more urgent one. */
    private static final double BETTER = 1.02;
    /** Efficiencies that are as good as the best. */
    private static final double AS_GOOD = 0.97;
    /** Overload goes from none to full as this part of the requests is refused. */
    private static final double MANY_REFUSED = 0.1;
    /** Scores above this part of the best count as good as the best: without overload, and in full overload. */
    private static final double LEAST_GOOD = 0.5;
    private static final double MOST_GOOD = 0.93;
    /** A model's due, as a part of its device time if all got the same, or of what it asks for: in none and in full overload. */
    private static final double LEAST_DUE = 0.75;
    private static final double MOST_DUE = 1.5;
    /** How much more a model counts, at most, that got less than is due. */
    private static final double MAX_BOOST = 4;
    /** Slack that others keep when a more efficient batch goes first, at most and as a part of the SLO. */
    private static final long MAX_SPARE_NS = 25_000_000L;
    private static final long SPARE_PART = 4;
    /** How long a device may wait for a batch to fill, at most and as a part of the SLO. */
    private static final long MAX_PATIENCE_NS = 2_000_000L;
    private static final long PATIENCE_PART = 8;
    private static final long AGAIN_NS = 100_000L;
    /** Nothing is waited for if this little would be left. */
    private static final long LEAST_LEFT_NS = 200_000L;
    /** A device that could not meet everything is thought to be short of time for so long. */
    private static final long SHORT_NS = 1_000_000_000L;
    /** Established models are put first if they are one in so many of those that wait, or only one. */
    private static final int ESTABLISHED_PART = 8;
    /** With an SLO of so many durations of another execution, one may count on other devices that come free meanwhile. */
    private static final int LEAST_DURATIONS = 4;
    /** What a batch takes beyond its execution, for the efficiency that an SLO allows at best. */
    private static final long AROUND_NS = 1_000_000L;

    private final WaitingLists waiting;
    private final Durations durations;
    private final Shortage shortage;

    private final Residency[] copies = new Residency[MAX_CANDIDATES];
    private final Residency[] hopeless = new Residency[MAX_CANDIDATES];
    private final Request[] heads = new Request[MAX_CANDIDATES];
    private final int[] batchIndexes = new int[MAX_CANDIDATES];
    private final int[] counts = new int[MAX_CANDIDATES];
    /** Requests per nanosecond, as a part of the best that the model's SLO allows. */
    private final double[] efficiencies = new double[MAX_CANDIDATES];
    /** Device time that its model got of late. */
    private final double[] servedNs = new double[MAX_CANDIDATES];
    private final double[] scores = new double[MAX_CANDIDATES];
    private final boolean[] isEstablished = new boolean[MAX_CANDIDATES];
    private int candidates;
    private int hopelessCount;

    /** Batches by their due time: due time since the start, and index. */
    private final long[] order = new long[MAX_BATCHES];
    private final long[] dueNs = new long[MAX_BATCHES];
    private final long[] executeNs = new long[MAX_BATCHES];
    private final long[] costNs = new long[MAX_BATCHES];
    /** Candidate whose batch it is, or -1 for one further back in a queue. */
    private final int[] candidateOf = new int[MAX_BATCHES];
    /** Candidate to whose model it belongs. */
    private final int[] ownerOf = new int[MAX_BATCHES];
    private int batches;
    private long startNs;

    SlackFirst(final WaitingLists waiting, final Durations durations, final Shortage shortage) {
        this.waiting = waiting;
        this.shortage = shortage;
        this.durations = durations;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean choose(final DevicePlan device, final long nowNs, final Choice choice) {
        choice.againNs = Choice.NEVER;
        if (waiting.mostUrgent(device) == null) {
            return false;
        }
        startNs = device.execution.startNs(nowNs + device.worker.hopNs());
        collect(device, nowNs);
        if (candidates == 0 && tryOne(nowNs, choice)) {
            return true;
        }
        for (int i = 0; i < hopelessCount; i++) {
            final Request head = hopeless[i].plan.queue.first();
            if (head == null || !waiting.canTry(hopeless[i], head, nowNs)) {
                waiting.giveUp(hopeless[i]);
            }
        }
        if (candidates == 0) {
            return false;
        }
        if (isFeasible()) {
            return chooseBySlack(nowNs, choice);
        }
        device.shortUntilNs = nowNs + SHORT_NS;
        return chooseByGoodput(device, nowNs, choice);
    }

    @Override
    public boolean canWait(final DevicePlan device, final long durationNs, final long nowNs) {
        if (waiting.mostUrgent(device) == null) {
            return true;
        }
        if (device.shortUntilNs - nowNs > 0) {
            return false;
        }
        startNs = device.execution.startNs(nowNs + device.worker.hopNs());
        collect(device, nowNs);
        int copiesOfEach = Integer.MAX_VALUE;
        for (int i = 0; i < candidates; i++) {
            if (efficiencies[i] >= AS_GOOD || durationNs + spareNs(heads[i]) - sloNs(heads[i]) > 0) {
                return false;
            }
            copiesOfEach = Math.min(copiesOfEach, Math.max(1, copies[i].plan.model.loadedOn));
        }
        for (int i = 0; i < hopelessCount; i++) {
            if (hopeless[i].plan.queue.size() > 0) {
                return false;
            }
        }
        if (candidates > 0) {
            final boolean isLong = sloNs(heads[0]) < LEAST_DURATIONS * durationNs;
            startNs += (isLong ? durationNs : durationNs / copiesOfEach) + spareNs(heads[0]);
        }
        return isFeasible();
    }

    /** Makes a candidate of each model that waits and can be met. */
    private void collect(final DevicePlan device, final long nowNs) {
        candidates = 0;
        hopelessCount = 0;
        batches = 0;
        final int limit = Math.min(device.waiting.size(), MAX_CANDIDATES);
        for (int i = 0; i < limit; i++) {
            final Residency copy = device.waiting.at(i);
            final Request head = copy.plan.queue.first();
            if (head == null || !addCandidate(copy, head, nowNs)) {
                hopeless[hopelessCount++] = copy;
            }
        }
    }

    /** A device with nothing better to do may try what the expected durations say is late. */
    private boolean tryOne(final long nowNs, final Choice choice) {
        for (int i = 0; i < hopelessCount; i++) {
            final Request head = hopeless[i].plan.queue.first();
            if (head != null && waiting.canTry(hopeless[i], head, nowNs)) {
                choice.set(hopeless[i], 0, head, 1, true);
                return true;
            }
        }
        return false;
    }

    /** The most efficient batch that begins with the most urgent request, and behind it the rest of the queue. */
    private boolean addCandidate(final Residency copy, final Request head, final long nowNs) {
        final ArtifactPlan artifact = copy.plan.artifact;
        final int queued = copy.plan.queue.size();
        final int largest = Math.min(Profile.indexOf(queued), durations.maxBatchIndex(artifact, copy.device));
        int best = -1;
        double bestRate = 0;
        for (int index = 0; index <= largest; index++) {
            if (durations.finishNs(copy, index, head, nowNs) - head.deadlineNs > 0) {
                break;
            }
            final double rate = rate(artifact, index, Math.min(Profile.batchSize(index), queued));
            if (rate > bestRate) {
                bestRate = rate;
                best = index;
            }
        }
        if (best < 0) {
            return false;
        }
        final int count = Math.min(Profile.batchSize(best), queued);
        final int i = candidates++;
        copies[i] = copy;
        heads[i] = head;
        batchIndexes[i] = best;
        counts[i] = count;
        efficiencies[i] = bestRate / bestRate(copy, head);
        addBatch(i, copy, head, best, 1);
        addRest(copy, head, count, queued);
        return true;
    }

    private void addRest(final Residency copy, final Request head, final int count, final int queued) {
        final int index = Math.min(NEXT_BATCH_INDEX, durations.maxBatchIndex(copy.plan.artifact, copy.device));
        final int size = Profile.batchSize(index);
        Request request = head;
        int position = 0;
        int next = count;
        while (next < queued) {
            if (next >= MAX_WALK) {
                final int left = (queued - next + size - 1) / size;
                addBatch(-1, copy, copy.plan.queue.last(), index, left);
                return;
            }
            while (position < next) {
                request = copy.plan.queue.next(request);
                position++;
            }
            final int left = Math.min(size, queued - next);
            addBatch(-1, copy, request, Math.min(index, Profile.indexOf(left)), 1);
            next += left;
        }
    }

    private void addBatch(
        final int candidate, final Residency copy, final Request first, final int index, final int times) {
        if (candidate < 0 && batches >= MAX_BATCHES - MAX_CANDIDATES) {
            return;
        }
        final ArtifactPlan artifact = copy.plan.artifact;
        final int i = batches++;
        executeNs[i] = durations.executeNs(artifact, index);
        dueNs[i] = first.deadlineNs - durations.afterNs(artifact, copy.device, index);
        costNs[i] = times * executeNs[i] / Math.max(1, copy.plan.model.loadedOn);
        order[i] = Math.min(Math.max(0, dueNs[i] - startNs), MAX_DUE_NS) << BATCH_BITS | i;
        candidateOf[i] = candidate;
        ownerOf[i] = candidates - 1;
    }

    /** Whether all that waits ends in time if it runs in the order in which it is due. */
    private boolean isFeasible() {
        Arrays.sort(order, 0, batches);
        long endNs = startNs;
        for (int i = 0; i < batches; i++) {
            final int batch = batchAt(i);
            endNs += costNs[batch];
            if (later(endNs, startNs + executeNs[batch]) - dueNs[batch] > 0) {
                return false;
            }
        }
        return true;
    }

    /** The most efficient candidate before which all others, in the order in which they are due, keep their slack. */
    private boolean chooseBySlack(final long nowNs, final Choice choice) {
        long endNs = startNs;
        long slackNs = Long.MAX_VALUE;
        int best = -1;
        double bestEfficiency = 0;
        for (int i = 0; i < batches; i++) {
            final int batch = batchAt(i);
            final int candidate = candidateOf[batch];
            if (candidate >= 0 && (best < 0 || efficiencies[candidate] > bestEfficiency * BETTER)
                && slackNs - executeNs[batch] - spareNs(heads[candidate]) >= 0) {
                best = candidate;
                bestEfficiency = efficiencies[candidate];
            }
            endNs += costNs[batch];
            slackNs = Math.min(slackNs, dueNs[batch] - later(endNs, startNs + executeNs[batch]));
        }
        take(best, heads[best], batchIndexes[best], counts[best], nowNs, choice);
        return true;
    }

    /** The most urgent of the batches that score about as well as the best; it may be waited for until it is full. */
    private boolean chooseByGoodput(final DevicePlan device, final long nowNs, final Choice choice) {
        final double overload = Math.min(1, shortage.share(nowNs) / MANY_REFUSED);
        final int highest = score(LEAST_DUE + (MOST_DUE - LEAST_DUE) * overload, nowNs);
        final int best = yieldToEstablished(mostUrgent(highest, LEAST_GOOD + (MOST_GOOD - LEAST_GOOD) * overload));
        final long patienceNs = Math.min(MAX_PATIENCE_NS, sloNs(heads[best]) / PATIENCE_PART);
        if (isFilling(best) && latestNs(best) - startNs > LEAST_LEFT_NS
            && startNs - device.execution.freeNs() < patienceNs) {
            choice.againNs = nowNs + AGAIN_NS;
            return false;
        }
        take(best, heads[best], batchIndexes[best], counts[best], nowNs, choice);
        return true;
    }

    /**
     * Gives each candidate its best batch and its score: its efficiency, how much its model is behind, and a little how short a
     * request takes (the eighth root: a model ten times as fast counts a third more). The answer is the highest one's.
     */
    private int score(final double due, final long nowNs) {
        double meanNs = 0;
        for (int i = 0; i < candidates; i++) {
            servedNs[i] = copies[i].plan.service.servedNs(nowNs);
            meanNs += servedNs[i];
        }
        meanNs /= candidates;
        int highest = 0;
        for (int i = 0; i < candidates; i++) {
            final Service service = copies[i].plan.service;
            isEstablished[i] = service.isEstablished(nowNs);
            double boost = 1;
            if (!isEstablished[i]) {
                skipToBest(i, nowNs);
                final double dueNs = due * Math.min(meanNs, service.askedOfLate(nowNs) * requestNs(i));
                boost = servedNs[i] >= dueNs ? 1 : servedNs[i] * MAX_BOOST < dueNs ? MAX_BOOST : dueNs / servedNs[i];
            }
            scores[i] = Math.sqrt(Math.sqrt(Math.sqrt(bestRate(copies[i], heads[i])))) * efficiencies[i] * boost;
            highest = scores[i] > scores[highest] ? i : highest;
        }
        return highest;
    }

    /** The most urgent of the candidates whose score and efficiency are that part of the highest one's, at least. */
    private int mostUrgent(final int highest, final double good) {
        int best = highest;
        long bestLatestNs = latestNs(highest);
        for (int i = 0; i < candidates; i++) {
            if (scores[i] >= good * scores[highest] && efficiencies[i] >= good * efficiencies[highest]) {
                final long latestNs = latestNs(i);
                if (latestNs - bestLatestNs < 0
                    || latestNs == bestLatestNs && copies[i].plan.index < copies[best].plan.index) {
                    best = i;
                    bestLatestNs = latestNs;
                }
            }
        }
        return best;
    }

    /** Device time of a request of a candidate. */
    private double requestNs(final int i) {
        return 1 / rate(copies[i].plan.artifact, batchIndexes[i], counts[i]);
    }

    /**
     * What is to run instead of a batch after which an established model could not be served in full; only where such models
     * are few and the lesser part of the work: where most are established, none can be put first.
     */
    private int yieldToEstablished(final int chosen) {
        int few = Math.max(1, candidates / ESTABLISHED_PART);
        for (int i = 0; i < candidates; i++) {
            few -= isEstablished[i] ? 1 : 0;
        }
        if (isEstablished[chosen] || few < 0) {
            return chosen;
        }
        final long chosenNs = durations.executeNs(copies[chosen].plan.artifact, batchIndexes[chosen]);
        long endNs = startNs + chosenNs;
        int first = -1;
        boolean isHarmed = false;
        long allNs = 0;
        long establishedNs = 0;
        for (int i = 0; i < batches; i++) {
            final int batch = batchAt(i);
            allNs += costNs[batch];
            if (isEstablished[ownerOf[batch]]) {
                first = first < 0 ? ownerOf[batch] : first;
                establishedNs += costNs[batch];
                endNs += costNs[batch];
                isHarmed |= later(endNs, startNs + chosenNs + executeNs[batch]) - dueNs[batch] > 0;
            }
        }
        return isHarmed && establishedNs <= allNs / 2 ? first : chosen;
    }

    /** Whether a batch is more than half full and would be clearly more efficient when it is full. */
    private boolean isFilling(final int i) {
        return efficiencies[i] < AS_GOOD && 2 * counts[i] > Profile.batchSize(bestIndex(copies[i], heads[i]));
    }

    /** Gives up the oldest requests of a queue for a batch that is more efficient without them. */
    private void skipToBest(final int i, final long nowNs) {
        final Residency copy = copies[i];
        final ArtifactPlan artifact = copy.plan.artifact;
        final Request oldest = heads[i];
        final int queued = copy.plan.queue.size();
        final double best = bestRate(copy, oldest);
        final int largest = Math.min(Profile.indexOf(queued), durations.maxBatchIndex(artifact, copy.device));
        Request from = oldest;
        int skipped = 0;
        for (int index = batchIndexes[i] + 1; index <= largest; index++) {
            final long finishNs = durations.finishNs(copy, index, from, nowNs);
            while (from != null && finishNs - from.deadlineNs > 0 && skipped < MAX_WALK) {
                from = copy.plan.queue.next(from);
                skipped++;
            }
            if (from == null || finishNs - from.deadlineNs > 0) {
                return;
            }
            final int count = Math.min(Profile.batchSize(index), queued - skipped);
            final double efficiency = rate(artifact, index, count) / best;
            if (count > Profile.batchSize(index - 1) && efficiency > efficiencies[i]) {
                efficiencies[i] = efficiency;
                batchIndexes[i] = index;
                counts[i] = count;
                heads[i] = from;
            }
        }
    }

    private void take(
        final int i, final Request from, final int index, final int count, final long nowNs, final Choice choice) {
        copies[i].plan.service.onServed(count, durations.executeNs(copies[i].plan.artifact, index), nowNs);
        choice.set(copies[i], index, from, count, false);
    }

    private long latestNs(final int i) {
        final ArtifactPlan artifact = copies[i].plan.artifact;
        return heads[i].deadlineNs - durations.afterNs(artifact, copies[i].device, batchIndexes[i])
            - durations.executeNs(artifact, batchIndexes[i]);
    }

    private double rate(final ArtifactPlan artifact, final int index, final int count) {
        return count / (double) Math.max(1, durations.executeNs(artifact, index));
    }

    /** The best rate that a model's SLO allows. */
    private double bestRate(final Residency copy, final Request head) {
        return copy.plan.artifact.artifact.profile.rate(bestIndex(copy, head));
    }

    private int bestIndex(final Residency copy, final Request head) {
        final Profile profile = copy.plan.artifact.artifact.profile;
        final long leftNs = sloNs(head) - AROUND_NS;
        int index = durations.maxBatchIndex(copy.plan.artifact, copy.device);
        while (index > 0 && profile.executeNs(index) > leftNs) {
            index--;
        }
        return profile.mostEfficient(index);
    }

    private int batchAt(final int place) {
        return (int) order[place] & (1 << BATCH_BITS) - 1;
    }

    private static long sloNs(final Request request) {
        return request.deadlineNs - request.arrivalNs;
    }

    private static long spareNs(final Request head) {
        return Math.min(MAX_SPARE_NS, sloNs(head) / SPARE_PART);
    }

    private static long later(final long a, final long b) {
        return a - b > 0 ? a : b;
    }
}
