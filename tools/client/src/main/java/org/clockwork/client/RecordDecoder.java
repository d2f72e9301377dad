package org.clockwork.client;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.schema.codec.DeviceEntryDecoder;
import org.clockwork.schema.codec.ModelEntryDecoder;
import org.clockwork.schema.codec.StatusReportDecoder;
import org.clockwork.schema.codec.WorkerEntryDecoder;

/** Makes records of the messages that describe models, workers and devices. Allocates; it is not on a request's way. */
final class RecordDecoder {
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private RecordDecoder() {
    }

    /** The model, or null if its fields make no sense. */
    static ModelInfo model(final ModelEntryDecoder decoder) {
        final byte[] hash = new byte[ModelEntryDecoder.sha256Length()];
        decoder.getSha256(hash, 0, hash.length);
        final List<ProfilePoint> profile = new ArrayList<>();
        final ModelEntryDecoder.ProfileDecoder points = decoder.profile();
        while (points.hasNext()) {
            points.next();
            profile.add(new ProfilePoint(points.batchSize(), points.executeNs()));
        }
        final List<TensorInfo> inputs = new ArrayList<>();
        final List<TensorInfo> outputs = new ArrayList<>();
        final ModelEntryDecoder.TensorsDecoder tensors = decoder.tensors();
        while (tensors.hasNext()) {
            tensors.next();
            if (tensors.bytes() < 0) {
                return null;
            }
            (tensors.isOutput() == 0 ? inputs : outputs)
                .add(new TensorInfo(tensors.name(), tensors.dataType(), tensors.bytes(), tensors.shape()));
        }
        final String name = decoder.name();
        final String source = decoder.source();
        final String detail = decoder.detail();
        final String engine = decoder.engine();
        return new ModelInfo(
            decoder.modelId(), name, decoder.artifactId(), decoder.state(), decoder.status(), detail,
            decoder.weightsBytes(), decoder.pages(), decoder.maxBatch(), decoder.loadedOn(), decoder.defaultSloNs(),
            decoder.loadNs(), hex(hash), source, engine, profile, inputs, outputs);
    }

    static ControllerStatus report(final StatusReportDecoder decoder) {
        final String build = decoder.build();
        return new ControllerStatus(
            decoder.epoch(), decoder.uptimeNs(), decoder.schemaVersion(), decoder.sessions(), decoder.models(),
            decoder.modelsReady(), decoder.requestsInFlight(), decoder.requests(), decoder.responsesOk(),
            decoder.refused(), decoder.failed(), decoder.coldStarts(), decoder.malformed(), build, decoder.policy(),
            List.of());
    }

    static WorkerStatus worker(final WorkerEntryDecoder decoder) {
        final String name = decoder.name();
        return new WorkerStatus(
            decoder.workerIndex(), name, decoder.build(), decoder.incarnation(), decoder.phase(),
            decoder.clockOffsetNs(), decoder.roundTripNs(), decoder.silentNs(), List.of());
    }

    static DeviceStatus device(final DeviceEntryDecoder decoder) {
        return new DeviceStatus(
            decoder.workerIndex(), decoder.deviceIndex(), decoder.description(),
            decoder.flags().emulated(), decoder.flags().lost(), decoder.pageBytes(), decoder.totalPages(),
            decoder.freePages(), decoder.modelsLoaded(), decoder.executeBusyNs(), decoder.loadBusyNs(),
            decoder.observedNs(), decoder.actionsOutstanding());
    }

    private static String hex(final byte[] bytes) {
        final StringBuilder text = new StringBuilder(2 * bytes.length);
        for (final byte b : bytes) {
            text.append(HEX[b >> 4 & 0xF]).append(HEX[b & 0xF]);
        }
        return text.toString();
    }
}
