package org.clockwork.worker.link;

import java.nio.ByteOrder;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.ElementType;
import org.clockwork.device.Operation;
import org.clockwork.device.TensorSpec;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;
import org.clockwork.schema.codec.ActionResultEncoder;
import org.clockwork.schema.codec.ArtifactPhase;
import org.clockwork.schema.codec.ArtifactStateEncoder;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.DrainingEncoder;
import org.clockwork.schema.codec.EntryFlagsEncoder;
import org.clockwork.schema.codec.HeartbeatEncoder;
import org.clockwork.schema.codec.HelloEncoder;
import org.clockwork.schema.codec.InventoryEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.OutputEncoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;
import org.clockwork.worker.action.Action;
import org.clockwork.worker.install.Artifact;
import org.clockwork.worker.install.ArtifactReport;
import org.clockwork.worker.install.Tensors;

/**
 * Turns what a worker has to say into bytes. Each method returns false when the link takes nothing now: the caller keeps
 * its state and tries again. Owned by the worker agent.
 */
public final class ControllerPublisher implements ArtifactReport {
    /** Loaded models in one INVENTORY message. */
    public static final int MAX_INVENTORY_PART = 512;
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final int MAX_DETAIL_BYTES = 512;
    private static final int MAX_TENSOR_TEXT_BYTES = 256;

    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[Protocol.MAX_MESSAGE_BYTES]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final HelloEncoder hello = new HelloEncoder();
    private final InventoryEncoder inventory = new InventoryEncoder();
    private final HeartbeatEncoder heartbeat = new HeartbeatEncoder();
    private final ArtifactStateEncoder artifactState = new ArtifactStateEncoder();
    private final ActionResultEncoder actionResult = new ActionResultEncoder();
    private final OutputEncoder output = new OutputEncoder();
    private final DrainingEncoder draining = new DrainingEncoder();
    private final WireText detailText = new WireText(MAX_DETAIL_BYTES);
    private final WireText tensorText = new WireText(MAX_TENSOR_TEXT_BYTES);
    private final byte[] key = new byte[32];
    private InventoryEncoder.LoadedEncoder loaded;
    private Link link;

    /** Everything goes to this link from now on; null for none. */
    public void link(final Link newLink) {
        link = newLink;
    }

    /** HELLO. */
    public boolean hello(
            final long correlationId, final long incarnation, final long epochSeen, final List<Device> devices,
            final boolean isEmulated, final String workerName, final String backend, final String build,
            final byte[] credentials) {
        hello.wrapAndApplyHeader(scratch, 0, header)
            .correlationId(correlationId)
            .incarnation(incarnation)
            .schemaVersion(Protocol.VERSION)
            .epochSeen(epochSeen);
        final HelloEncoder.DevicesEncoder group = hello.devicesCount(devices.size());
        for (int i = 0; i < devices.size(); i++) {
            final Device device = devices.get(i);
            group.next();
            group.flags().clear().emulated(isEmulated).lost(device.isLost());
            group.pageBytes(Device.PAGE_BYTES)
                .totalPages(device.totalPages())
                .freePages(device.freePages())
                .maxBatch(Math.min(device.maxBatch(), Protocol.MAX_BATCH))
                .inferDepth(device.inferDepth());
            tensorText.of(device.description());
            group.putDescription(tensorText.bytes(), 0, tensorText.length());
        }
        hello.workerName(workerName).backend(backend).build(build).putCredentials(credentials, 0, credentials.length);
        return offer(Link.CONTROL, hello.encodedLength());
    }

    /** Begins an INVENTORY of {@code count} models, at most {@link #MAX_INVENTORY_PART}. */
    public void beginInventory(final long incarnation, final int count, final boolean isLast) {
        inventory.wrapAndApplyHeader(scratch, 0, header).incarnation(incarnation);
        final EntryFlagsEncoder flags = inventory.flags();
        flags.clear().last(isLast);
        loaded = inventory.loadedCount(count);
    }

    /** Adds a loaded model to the INVENTORY begun. */
    public void addToInventory(final int deviceIndex, final long modelId, final int pages, final String artifactKey) {
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) (Character.digit(artifactKey.charAt(2 * i), 16) << 4
                | Character.digit(artifactKey.charAt(2 * i + 1), 16));
        }
        loaded.next().deviceIndex(deviceIndex).modelId(modelId).pages(pages).putArtifactKey(key, 0, key.length);
    }

    /** Sends the INVENTORY begun. */
    public boolean sendInventory() {
        return offer(Link.CONTROL, inventory.encodedLength());
    }

    /** HEARTBEAT. */
    public boolean heartbeat(
            final long incarnation, final long epoch, final long sentNs, final long echoSentNs, final long echoReceivedNs) {
        heartbeat.wrapAndApplyHeader(scratch, 0, header)
            .incarnation(incarnation)
            .epoch(epoch)
            .sentNs(sentNs)
            .echoSentNs(echoSentNs)
            .echoReceivedNs(echoReceivedNs);
        return offer(Link.CONTROL, heartbeat.encodedLength());
    }

    /** DRAINING. */
    public boolean draining(final long incarnation, final long limitNs) {
        draining.wrapAndApplyHeader(scratch, 0, header).incarnation(incarnation).limitNs(limitNs);
        return offer(Link.CONTROL, draining.encodedLength());
    }

    /** ARTIFACT-STATE. */
    @Override
    public boolean send(
            final Artifact artifact, final ArtifactPhase phase, final Status status, final long transferId,
            final String detail) {
        final CompiledModel model = phase == ArtifactPhase.READY ? artifact.compiled() : null;
        artifactState.wrapAndApplyHeader(scratch, 0, header)
            .epoch(artifact.epoch())
            .artifactId(artifact.id())
            .phase(phase)
            .status(status)
            .transferId(transferId)
            .weightsBytes(model == null ? 0 : model.weightsBytes())
            .pages(model == null ? 0 : model.pages())
            .maxBatch(model == null ? 0 : model.maxBatch())
            .loadNs(model == null || model.knownLoadNs() < 0 ? Protocol.NULL_NS : model.knownLoadNs());
        encodeProfile(model);
        if (model == null) {
            artifactState.tensorsCount(0);
        } else {
            final Tensors inputs = artifact.inputs();
            final Tensors outputs = artifact.outputs();
            final ArtifactStateEncoder.TensorsEncoder group = artifactState.tensorsCount(inputs.count() + outputs.count());
            encodeTensors(group, inputs, 0);
            encodeTensors(group, outputs, 1);
        }
        detailText.of(detail);
        artifactState.putDetail(detailText.bytes(), 0, detailText.length());
        detailText.of(model == null ? "" : model.engine());
        artifactState.putEngine(detailText.bytes(), 0, detailText.length());
        return offer(Link.CONTROL, artifactState.encodedLength());
    }

    /** One OUTPUT. */
    public boolean output(
            final long requestId, final int tensorIndex, final int position, final int totalLength,
            final DirectBuffer buffer, final int offset, final int length) {
        output.wrapAndApplyHeader(scratch, 0, header)
            .sessionId(0)
            .requestId(requestId)
            .position(position)
            .totalLength(totalLength)
            .tensorIndex(tensorIndex);
        final int lengthAt = output.limit();
        scratch.putInt(lengthAt, length, ByteOrder.LITTLE_ENDIAN);
        return link != null
            && link.offer(Link.BULK, scratch, 0, lengthAt + Integer.BYTES, buffer, offset, length);
    }

    /** ACTION-RESULT; outputs that did not go by OUTPUT messages are taken from {@code outputs}. */
    public boolean result(final Action action, final DirectBuffer outputs, final long nowNs) {
        final Operation operation = action.operation;
        actionResult.wrapAndApplyHeader(scratch, 0, header)
            .epoch(action.epoch)
            .actionId(action.actionId)
            .modelId(action.modelId)
            .receivedNs(action.receivedNs)
            .startNs(operation.startNs)
            .copyInNs(operation.copyInNs)
            .executeNs(operation.executeNs)
            .executeStartNs(operation.executeStartNs)
            .copyOutNs(operation.copyOutNs)
            .endNs(operation.endNs)
            .sentNs(nowNs)
            .status(action.status)
            .kind(action.kind)
            .deviceIndex(action.deviceIndex)
            .batchSize(action.batchSize)
            .freePages(action.freePages);
        if (action.kind == ActionKind.INFER && action.status == Status.OK) {
            final ActionResultEncoder.OutputsEncoder group = actionResult.outputsCount(action.requestCount);
            final int bytes = action.artifact.outputs().totalBytes();
            for (int i = 0; i < action.requestCount; i++) {
                final boolean isOmitted = action.isOutputOmitted[i];
                final int inline = isOmitted || action.isOutputBulk[i] ? 0 : bytes;
                group.next()
                    .requestId(action.requestIds[i])
                    .outputBytes(isOmitted ? 0 : bytes)
                    .putOutput(outputs, inline == 0 ? 0 : action.outputOffset + i * bytes, inline);
            }
        } else {
            actionResult.outputsCount(0);
        }
        detailText.of(action.detail);
        actionResult.putDetail(detailText.bytes(), 0, detailText.length());
        return offer(Link.CONTROL, actionResult.encodedLength());
    }

    private void encodeProfile(final CompiledModel model) {
        int known = 0;
        if (model != null) {
            for (int batch = 1; batch <= model.maxBatch(); batch = nextBatch(batch, model.maxBatch())) {
                known += model.knownExecuteNs(batch) >= 0 ? 1 : 0;
            }
        }
        final ArtifactStateEncoder.ProfileEncoder group = artifactState.profileCount(known);
        if (known > 0) {
            for (int batch = 1; batch <= model.maxBatch(); batch = nextBatch(batch, model.maxBatch())) {
                final long executeNs = model.knownExecuteNs(batch);
                if (executeNs >= 0) {
                    group.next().batchSize(batch).executeNs(executeNs);
                }
            }
        }
    }

    /** Powers of two and the largest. */
    private static int nextBatch(final int batch, final int maxBatch) {
        return batch < maxBatch ? Math.min(batch * 2, maxBatch) : maxBatch + 1;
    }

    private void encodeTensors(
            final ArtifactStateEncoder.TensorsEncoder group, final Tensors tensors, final int isOutput) {
        for (int i = 0; i < tensors.count(); i++) {
            final TensorSpec spec = tensors.spec(i);
            group.next().isOutput((short) isOutput).dataType(dataType(spec.type())).bytes(tensors.bytes(i));
            tensorText.of(spec.name());
            group.putName(tensorText.bytes(), 0, tensorText.length());
            tensorText.of(shape(spec.shape()));
            group.putShape(tensorText.bytes(), 0, tensorText.length());
        }
    }

    private boolean offer(final int lane, final int bodyLength) {
        return link != null && link.offer(lane, scratch, 0, HEADER + bodyLength);
    }

    private static String shape(final List<Integer> shape) {
        final StringBuilder text = new StringBuilder();
        for (final int dimension : shape) {
            text.append(text.length() == 0 ? "" : "x").append(dimension);
        }
        return text.toString();
    }

    private static DataType dataType(final ElementType type) {
        return switch (type) {
            case FLOAT32 -> DataType.FLOAT32;
            case FLOAT16 -> DataType.FLOAT16;
            case BFLOAT16 -> DataType.BFLOAT16;
            case FLOAT64 -> DataType.FLOAT64;
            case INT8 -> DataType.INT8;
            case UINT8 -> DataType.UINT8;
            case INT32 -> DataType.INT32;
            case INT64 -> DataType.INT64;
            case BOOL -> DataType.BOOL;
        };
    }
}
