package org.clockwork.client;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.CatalogueAckEncoder;
import org.clockwork.schema.codec.ConnectAckEncoder;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.DeviceEntryEncoder;
import org.clockwork.schema.codec.InferResponseEncoder;
import org.clockwork.schema.codec.KeepAliveEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.ModelEntryEncoder;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.OutputEncoder;
import org.clockwork.schema.codec.QueryEndEncoder;
import org.clockwork.schema.codec.SessionClosedEncoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.codec.StatusReportEncoder;
import org.clockwork.schema.codec.WorkerEntryEncoder;
import org.clockwork.schema.codec.WorkerPhase;

/** Encodes each message of a controller into one buffer, for tests; allocates nothing on the way of a response. */
final class ControllerEncoder {
    static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final byte[] NO_BYTES = {};

    final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Protocol.MAX_MESSAGE_BYTES]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final InferResponseEncoder response = new InferResponseEncoder();
    private final OutputEncoder output = new OutputEncoder();
    private final KeepAliveEncoder keepAlive = new KeepAliveEncoder();

    int connectAck(final long correlationId, final long sessionId, final long epoch, final Status status,
        final ControllerStub.Grant grant, final String detail) {
        final ConnectAckEncoder ack = new ConnectAckEncoder().wrapAndApplyHeader(buffer, 0, header)
            .correlationId(correlationId).sessionId(sessionId).epoch(epoch).status(status).schemaVersion(Protocol.VERSION)
            .maxInFlight(grant.maxInFlight()).maxBytes(grant.maxBytes()).inlineBytes(grant.inlineBytes())
            .keepAliveNs(grant.keepAliveNs()).timeoutNs(grant.timeoutNs()).detail(detail);
        return HEADER + ack.encodedLength();
    }

    int keepAlive(final long sessionId, final long sentNs, final long echoSentNs, final long echoReceivedNs) {
        keepAlive.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).sentNs(sentNs).echoSentNs(echoSentNs).echoReceivedNs(echoReceivedNs);
        return HEADER + keepAlive.encodedLength();
    }

    int sessionClosed(final long sessionId, final Status status, final String detail) {
        final SessionClosedEncoder closed = new SessionClosedEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).status(status).detail(detail);
        return HEADER + closed.encodedLength();
    }

    int response(final long sessionId, final long requestId, final long modelId, final Status status,
        final int outputBytes, final byte[] inline, final int inlineLength, final String detail) {
        response.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).requestId(requestId).modelId(modelId).status(status)
            .batchSize(4).queueNs(100).loadNs(200).copyInNs(300).executeNs(400).copyOutNs(500).totalNs(1500)
            .earliestNs(status == Status.OK ? Protocol.NULL_NS : 77).outputBytes(outputBytes);
        response.flags().clear().cold(true).emulated(true).inTimeAtController(true);
        response.putOutput(inline, 0, inlineLength);
        if (detail.isEmpty()) {
            response.putDetail(NO_BYTES, 0, 0);
        } else {
            response.detail(detail);
        }
        return HEADER + response.encodedLength();
    }

    int output(final long sessionId, final long requestId, final int tensor, final int position, final int total,
        final byte[] bytes, final int offset, final int length) {
        output.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).requestId(requestId).tensorIndex(tensor).position(position).totalLength(total)
            .putBytes(bytes, offset, length);
        return HEADER + output.encodedLength();
    }

    int model(final long sessionId, final long correlationId, final ModelInfo model) {
        final ModelEntryEncoder entry = new ModelEntryEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).correlationId(correlationId).modelId(model.modelId()).artifactId(model.artifactId())
            .state(model.state()).status(model.status()).weightsBytes(model.weightsBytes()).pages(model.pages())
            .maxBatch(model.maxBatch()).loadedOn(model.loadedOn()).defaultSloNs(model.defaultSloNs())
            .loadNs(model.loadNs()).putSha256(new byte[32], 0, 32);
        final ModelEntryEncoder.ProfileEncoder profile = entry.profileCount(model.profile().size());
        for (final ProfilePoint point : model.profile()) {
            profile.next().batchSize(point.batchSize()).executeNs(point.executeNs());
        }
        final ModelEntryEncoder.TensorsEncoder tensors =
            entry.tensorsCount(model.inputs().size() + model.outputs().size());
        for (final TensorInfo tensor : model.inputs()) {
            tensors.next().isOutput((short) 0).dataType(tensor.type()).bytes(tensor.bytes())
                .name(tensor.name()).shape(tensor.shape());
        }
        for (final TensorInfo tensor : model.outputs()) {
            tensors.next().isOutput((short) 1).dataType(tensor.type()).bytes(tensor.bytes())
                .name(tensor.name()).shape(tensor.shape());
        }
        entry.name(model.name()).source(model.source()).detail(model.detail()).engine(model.engine());
        return HEADER + entry.encodedLength();
    }

    int catalogueAck(final long sessionId, final long correlationId, final Status status, final long transferId,
        final String detail) {
        final CatalogueAckEncoder ack = new CatalogueAckEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).correlationId(correlationId).status(status).transferId(transferId).detail(detail);
        return HEADER + ack.encodedLength();
    }

    int queryEnd(final long sessionId, final long correlationId, final Status status, final int count) {
        final QueryEndEncoder end = new QueryEndEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).correlationId(correlationId).status(status).count(count);
        return HEADER + end.encodedLength();
    }

    int report(final long sessionId, final long correlationId) {
        final StatusReportEncoder report = new StatusReportEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).correlationId(correlationId).epoch(7).uptimeNs(8).schemaVersion(1).sessions(2)
            .models(3).modelsReady(2).requestsInFlight(5).requests(100).responsesOk(90).refused(4).failed(1)
            .coldStarts(6).malformed(9).build("build-1").policy("baseline");
        return HEADER + report.encodedLength();
    }

    int worker(final long sessionId, final long correlationId, final int index) {
        final WorkerEntryEncoder worker = new WorkerEntryEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).correlationId(correlationId).incarnation(55).workerIndex(index).phase(WorkerPhase.LIVE)
            .clockOffsetNs(-5).roundTripNs(6).silentNs(7).name("worker-" + index).build("build-2");
        return HEADER + worker.encodedLength();
    }

    int device(final long sessionId, final long correlationId, final int workerIndex, final int index) {
        final DeviceEntryEncoder device = new DeviceEntryEncoder().wrapAndApplyHeader(buffer, 0, header)
            .sessionId(sessionId).correlationId(correlationId).workerIndex(workerIndex).deviceIndex(index)
            .pageBytes(16 << 20).totalPages(100).freePages(40).modelsLoaded(3).executeBusyNs(1).loadBusyNs(2)
            .observedNs(3).actionsOutstanding(4);
        device.flags().clear().emulated(true);
        device.description("emulated V100");
        return HEADER + device.encodedLength();
    }

    byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(0, bytes);
        return bytes;
    }

    /** A model with these tensor sizes. */
    static ModelInfo model(final long id, final String name, final ModelState state, final int[] inputs, final int[] outputs) {
        return new ModelInfo(
            id, name, 3, state, state == ModelState.FAILED ? Status.UNSUPPORTED_OPERATOR : Status.OK,
            state == ModelState.FAILED ? "no kernel for Foo" : "", 1000, 2, 16, 1, 5_000_000, 8_000_000,
            "00".repeat(32), "seq=32", "onednn/fp32 error=1e-06",
            List.of(new ProfilePoint(1, 1_000), new ProfilePoint(2, 1_500)), tensors("in", inputs), tensors("out", outputs));
    }

    private static List<TensorInfo> tensors(final String name, final int[] sizes) {
        return IntStream.range(0, sizes.length)
            .mapToObj(i -> new TensorInfo(name + i, DataType.FLOAT32, sizes[i], (sizes[i] / 4) + "x1")).toList();
    }

    static byte[] text(final String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
