package org.clockwork.device.emulated;

import java.util.Objects;
import org.agrona.SystemUtil;
import org.clockwork.device.Device;

/** Options of an {@link EmulatedBackend}, checked once by {@link #conclude()}. Owned by the launcher. */
public final class EmulatedContext {
    /** System property: number of devices. */
    public static final String DEVICES_PROP_NAME = "clockwork.emulated.devices";
    /** Default of {@link #DEVICES_PROP_NAME}. */
    public static final int DEVICES_DEFAULT = 1;
    /** System property: weights memory of each device, such as {@code 21g}. */
    public static final String MEMORY_PROP_NAME = "clockwork.emulated.memory";
    /** Default of {@link #MEMORY_PROP_NAME}: what the original left to weights on a V100 of 32 GB. */
    public static final long MEMORY_DEFAULT = 23_085_449_216L;
    /** System property: seed of all variation. */
    public static final String SEED_PROP_NAME = "clockwork.emulated.seed";
    /** Default of {@link #SEED_PROP_NAME}. */
    public static final long SEED_DEFAULT = 1;
    /** Default rate of copies between host and device. */
    public static final long PCIE_BYTES_PER_SECOND_DEFAULT = 12_000_000_000L;
    /** Default number of INFERs in a device. */
    public static final int INFER_DEPTH_DEFAULT = 2;
    /** Default spread of executions and loads, a fraction: puts the 99.99th percentile 0.026 % above the median. */
    public static final double JITTER_DEFAULT = 0.000_07;
    /** Default probability of an execution that takes {@link #OUTLIER_FACTOR_DEFAULT} times as long. */
    public static final double OUTLIER_PROBABILITY_DEFAULT = 0.000_01;
    /** Default length of an outlier. */
    public static final double OUTLIER_FACTOR_DEFAULT = 2.0;

    private static final int MAX_INFER_DEPTH = 8;

    private boolean isConcluded;
    private int devices = Integer.getInteger(DEVICES_PROP_NAME, DEVICES_DEFAULT);
    private long memoryBytes = SystemUtil.getSizeAsLong(MEMORY_PROP_NAME, MEMORY_DEFAULT);
    private long seed = Long.getLong(SEED_PROP_NAME, SEED_DEFAULT);
    private long pcieBytesPerSecond = PCIE_BYTES_PER_SECOND_DEFAULT;
    private PcieSharing pcieSharing = PcieSharing.SEPARATE;
    private int inferDepth = INFER_DEPTH_DEFAULT;
    private int maxBatch;
    private double executeJitter = JITTER_DEFAULT;
    private double loadJitter = JITTER_DEFAULT;
    private double outlierProbability = OUTLIER_PROBABILITY_DEFAULT;
    private double outlierFactor = OUTLIER_FACTOR_DEFAULT;
    private ProfileTable profiles;
    private Faults.Loss loss = Faults.Loss.NONE;
    private Faults.Failure failure = Faults.Failure.NONE;
    private Faults.Slowness slowness = Faults.Slowness.NONE;

    /** Checks all options and fills in what is missing; a second call is refused. */
    public EmulatedContext conclude() {
        if (isConcluded) {
            throw new IllegalStateException("the context is concluded");
        }
        if (profiles == null) {
            profiles = ProfileTable.published();
        }
        if (maxBatch == 0) {
            maxBatch = profiles.maxBatch();
        }
        check(devices >= 1 && devices <= 65_535, "devices", devices, "1 to 65535");
        check(memoryBytes >= Device.PAGE_BYTES && memoryBytes / Device.PAGE_BYTES <= Integer.MAX_VALUE,
            "memoryBytes", memoryBytes, "at least one page of " + Device.PAGE_BYTES);
        check(pcieBytesPerSecond > 0, "pcieBytesPerSecond", pcieBytesPerSecond, "a positive number");
        check(inferDepth >= 1 && inferDepth <= MAX_INFER_DEPTH, "inferDepth", inferDepth, "1 to " + MAX_INFER_DEPTH);
        check(maxBatch >= 1 && maxBatch <= Profile.MAX_BATCH, "maxBatch", maxBatch, "1 to " + Profile.MAX_BATCH);
        check(executeJitter >= 0 && executeJitter < 1, "executeJitter", executeJitter, "0 to below 1");
        check(loadJitter >= 0 && loadJitter < 1, "loadJitter", loadJitter, "0 to below 1");
        check(outlierProbability >= 0 && outlierProbability <= 1, "outlierProbability", outlierProbability, "0 to 1");
        check(outlierFactor >= 1 && outlierFactor <= 1e6, "outlierFactor", outlierFactor, "1 to 1000000");
        isConcluded = true;
        return this;
    }

    boolean isConcluded() {
        return isConcluded;
    }

    /** Number of devices. */
    public EmulatedContext devices(final int count) {
        devices = count;
        return this;
    }

    /** Number of devices. */
    public int devices() {
        return devices;
    }

    /** Weights memory of each device; whole pages of it are used. */
    public EmulatedContext memoryBytes(final long bytes) {
        memoryBytes = bytes;
        return this;
    }

    /** Weights memory of each device. */
    public long memoryBytes() {
        return memoryBytes;
    }

    /** Seed of all variation; each device and purpose has its own stream of it. */
    public EmulatedContext seed(final long value) {
        seed = value;
        return this;
    }

    /** Seed of all variation. */
    public long seed() {
        return seed;
    }

    /** Rate at which inputs are copied in and outputs out. */
    public EmulatedContext pcieBytesPerSecond(final long rate) {
        pcieBytesPerSecond = rate;
        return this;
    }

    /** Rate of copies. */
    public long pcieBytesPerSecond() {
        return pcieBytesPerSecond;
    }

    /** Who waits for whom on the way to the device. */
    public EmulatedContext pcieSharing(final PcieSharing sharing) {
        pcieSharing = Objects.requireNonNull(sharing);
        return this;
    }

    /** Who waits for whom. */
    public PcieSharing pcieSharing() {
        return pcieSharing;
    }

    /** INFERs that may be in a device at once, 2 by default. */
    public EmulatedContext inferDepth(final int depth) {
        inferDepth = depth;
        return this;
    }

    /** INFERs in a device. */
    public int inferDepth() {
        return inferDepth;
    }

    /** Largest batch of a device; by default the largest of the table. */
    public EmulatedContext maxBatch(final int batchSize) {
        maxBatch = batchSize;
        return this;
    }

    /** Largest batch of a device. */
    public int maxBatch() {
        return maxBatch;
    }

    /** Spread of executions: standard deviation as a fraction of the duration; 0 for none. */
    public EmulatedContext executeJitter(final double sigma) {
        executeJitter = sigma;
        return this;
    }

    /** Spread of executions. */
    public double executeJitter() {
        return executeJitter;
    }

    /** Spread of loads: standard deviation as a fraction of the duration; 0 for none. */
    public EmulatedContext loadJitter(final double sigma) {
        loadJitter = sigma;
        return this;
    }

    /** Spread of loads. */
    public double loadJitter() {
        return loadJitter;
    }

    /** Executions that take {@code factor} times as long, by chance. */
    public EmulatedContext outliers(final double probability, final double factor) {
        outlierProbability = probability;
        outlierFactor = factor;
        return this;
    }

    /** Probability of an outlier. */
    public double outlierProbability() {
        return outlierProbability;
    }

    /** Length of an outlier. */
    public double outlierFactor() {
        return outlierFactor;
    }

    /** No jitter and no outliers: each duration is exactly that of the table. */
    public EmulatedContext exact() {
        return executeJitter(0).loadJitter(0).outliers(0, 1);
    }

    /** What the devices know; by default {@link ProfileTable#published()}. */
    public EmulatedContext profiles(final ProfileTable table) {
        profiles = table;
        return this;
    }

    /** What the devices know. */
    public ProfileTable profiles() {
        return profiles;
    }

    /** Where losses of devices come from. */
    public EmulatedContext loss(final Faults.Loss generator) {
        loss = Objects.requireNonNull(generator);
        return this;
    }

    /** Where losses come from. */
    public Faults.Loss loss() {
        return loss;
    }

    /** Where failures of single operations come from. */
    public EmulatedContext failure(final Faults.Failure generator) {
        failure = Objects.requireNonNull(generator);
        return this;
    }

    /** Where failures come from. */
    public Faults.Failure failure() {
        return failure;
    }

    /** Where slow operations come from. */
    public EmulatedContext slowness(final Faults.Slowness generator) {
        slowness = Objects.requireNonNull(generator);
        return this;
    }

    /** Where slow operations come from. */
    public Faults.Slowness slowness() {
        return slowness;
    }

    private static void check(final boolean holds, final String name, final Object value, final String expected) {
        if (!holds) {
            throw new IllegalArgumentException("emulated device: " + name + "=" + value + ", expected " + expected);
        }
    }
}
