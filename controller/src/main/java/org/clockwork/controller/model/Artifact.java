package org.clockwork.controller.model;

import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.Status;

/**
 * What models run: a file (or an emulated profile) with fixed dimensions and options. Models of any number share one,
 * with its compiled form, its host memory and its profile. Owned by the controller agent.
 */
public final class Artifact {
    /** Wire id: dense, kept across restarts by the catalogue file. */
    public final int id;
    private final byte[] key;
    private final byte[] fileSha256;
    /** Bytes of the file; 0 for a profile. */
    public final long fileLength;
    /** Row of the emulated devices' table; empty for a file. */
    public final String profileName;
    /** Fixed values of symbolic dimensions, sorted by name. */
    public final Map<String, Integer> dimensions;
    /** Largest batch asked for. */
    public final int wantedMaxBatch;
    /** How the file is to be run, as REGISTER-MODEL writes it; empty for the workers' defaults. */
    public final String options;
    /** Models that use it. */
    public int modelCount;

    /** Size of the weights; 0 while unknown. */
    public long weightsBytes;
    /** Pages a LOAD takes; 0 while unknown. */
    public int pages;
    /** Largest batch that its compiled form takes; 0 while unknown. */
    public int maxBatch;
    /** Live workers that have it ready for LOAD. */
    public int installedOn;
    /** Whether its durations are known as far as they are to be used; until then it is measured and takes no requests. */
    public boolean isProfiled;
    /** Inputs, then outputs, in the order of the wire; empty while unknown. */
    public List<Tensor> tensors = List.of();
    /** What executes it, as the worker said that reported last; empty while unknown. */
    public String engine = "";
    /** Bytes of all input tensors of one request. */
    public int inputBytes;
    /** Bytes of all output tensors of one request. */
    public int outputBytes;
    /** What is known of its durations. */
    public final Profile profile;
    /** Why no worker can run it, or OK. */
    Status failure = Status.OK;
    /** A sentence when no worker can run it, else empty. */
    String failureDetail = "";
    /** Why the last worker that failed with it did so. */
    Status lastFailure = Status.OK;
    String lastFailureDetail = "";

    /** An artifact without options of which nothing is known yet. */
    public Artifact(
        final int id,
        final byte[] key,
        final byte[] fileSha256,
        final long fileLength,
        final String profileName,
        final Map<String, Integer> dimensions,
        final int wantedMaxBatch,
        final Profile profile) {
        this(id, key, fileSha256, fileLength, profileName, dimensions, wantedMaxBatch, "", profile);
    }

    /** An artifact of which nothing is known yet. */
    Artifact(
        final int id,
        final byte[] key,
        final byte[] fileSha256,
        final long fileLength,
        final String profileName,
        final Map<String, Integer> dimensions,
        final int wantedMaxBatch,
        final String options,
        final Profile profile) {
        this.id = id;
        this.key = key.clone();
        this.fileSha256 = fileSha256.clone();
        this.fileLength = fileLength;
        this.profileName = profileName;
        this.dimensions = Collections.unmodifiableSortedMap(new TreeMap<>(dimensions));
        this.wantedMaxBatch = wantedMaxBatch;
        this.options = options;
        this.profile = profile;
    }

    /** One tensor of a request or an answer; {@code shape} is text such as 3x224x224, without the batch. */
    public record Tensor(boolean isOutput, DataType type, int bytes, String name, String shape) {
    }

    /** Profile name, or fixed dimensions and options, for people. */
    public String source() {
        final String text = profileName.isEmpty() ? Registration.text(dimensions) : profileName;
        return text.isEmpty() || options.isEmpty() ? text + options : text + ' ' + options;
    }

    /** What it runs, in a sentence. */
    String describedSource() {
        return profileName.isEmpty()
            ? "the file of SHA-256 " + HexFormat.of().formatHex(fileSha256) + (source().isEmpty() ? "" : " with " + source())
            : "the profile " + profileName;
    }

    /** Takes note of its tensors, inputs first. */
    void describe(final List<Tensor> statedTensors) {
        tensors = List.copyOf(statedTensors);
        inputBytes = 0;
        outputBytes = 0;
        for (final Tensor tensor : tensors) {
            if (tensor.isOutput) {
                outputBytes += tensor.bytes;
            } else {
                inputBytes += tensor.bytes;
            }
        }
    }

    /** Digest of file, dimensions and options, 32 bytes; the array is the artifact's own. */
    public byte[] key() {
        return key;
    }

    /** Digest of the file, 32 bytes, zeros for a profile; the array is the artifact's own. */
    public byte[] fileSha256() {
        return fileSha256;
    }

    /** Whether its key is this one. */
    public boolean hasKey(final byte[] otherKey) {
        return Arrays.equals(key, otherKey);
    }
}
