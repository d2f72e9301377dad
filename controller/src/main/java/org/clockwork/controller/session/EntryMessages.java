package org.clockwork.controller.session;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.model.Profile;
import org.clockwork.controller.wire.Names;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.codec.ModelEntryEncoder;
import org.clockwork.schema.link.Link;

/** Encodes MODEL-ENTRY. Owned by the controller agent. */
final class EntryMessages {
    private static final int TEXT_LIMIT = 1024;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[2 * Protocol.MAX_MESSAGE_BYTES]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final ModelEntryEncoder entry = new ModelEntryEncoder();

    boolean send(final ClientSession session, final long correlationId, final Model model) {
        final Artifact artifact = model.artifact;
        final Profile profile = artifact.profile;
        entry.wrapAndApplyHeader(buffer, 0, header)
            .sessionId(session.id)
            .correlationId(correlationId)
            .modelId(model.id)
            .artifactId(artifact.id)
            .state(model.state)
            .status(model.status)
            .weightsBytes(artifact.weightsBytes)
            .pages(artifact.pages)
            .maxBatch(profile.maxBatchSize())
            .loadedOn(model.loadedOn)
            .defaultSloNs(model.defaultSloNs)
            .loadNs(profile.loadNs() > 0 ? profile.loadNs() : Protocol.NULL_NS)
            .putSha256(artifact.fileSha256(), 0, artifact.fileSha256().length);
        final ModelEntryEncoder.ProfileEncoder durations = entry.profileCount(profile.batchSizeCount());
        for (int i = 0; i < profile.batchSizeCount(); i++) {
            durations.next().batchSize(Profile.batchSize(i)).executeNs(profile.executeNs(i));
        }
        final ModelEntryEncoder.TensorsEncoder tensors = entry.tensorsCount(artifact.tensors.size());
        for (int i = 0; i < artifact.tensors.size(); i++) {
            final Artifact.Tensor tensor = artifact.tensors.get(i);
            tensors.next()
                .isOutput((short) (tensor.isOutput() ? 1 : 0))
                .dataType(tensor.type())
                .bytes(tensor.bytes())
                .name(tensor.name())
                .shape(tensor.shape());
        }
        final byte[] source = Names.shorten(artifact.source(), TEXT_LIMIT).getBytes(StandardCharsets.UTF_8);
        final byte[] detail = Names.shorten(model.detail, TEXT_LIMIT).getBytes(StandardCharsets.UTF_8);
        final byte[] engine = Names.shorten(artifact.engine, TEXT_LIMIT).getBytes(StandardCharsets.UTF_8);
        entry.name(model.name).putSource(source, 0, source.length).putDetail(detail, 0, detail.length)
            .putEngine(engine, 0, engine.length);
        return session.link.offer(Link.CONTROL, buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + entry.encodedLength());
    }
}
