package org.clockwork.controller.model;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.controller.cluster.WorkerState;
import org.clockwork.schema.codec.ForgetArtifactEncoder;
import org.clockwork.schema.codec.InstallArtifactEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.link.Link;

/** Encodes what the controller says to workers about artifacts. Owned by the controller agent. */
final class InstallMessages {
    private final long epoch;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[64 * 1024]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final InstallArtifactEncoder install = new InstallArtifactEncoder();
    private final ForgetArtifactEncoder forget = new ForgetArtifactEncoder();

    InstallMessages(final long epoch) {
        this.epoch = epoch;
    }

    boolean install(final WorkerState worker, final Artifact artifact) {
        install.wrapAndApplyHeader(buffer, 0, header)
            .epoch(epoch)
            .artifactId(artifact.id)
            .putArtifactKey(artifact.key(), 0, ArtifactKey.BYTES)
            .putFileSha256(artifact.fileSha256(), 0, ArtifactKey.BYTES)
            .fileLength(artifact.fileLength)
            .maxBatch(artifact.wantedMaxBatch);
        final InstallArtifactEncoder.DimensionsEncoder dimensions = install.dimensionsCount(artifact.dimensions.size());
        for (final Map.Entry<String, Integer> dimension : artifact.dimensions.entrySet()) {
            final byte[] name = dimension.getKey().getBytes(StandardCharsets.UTF_8);
            dimensions.next().value(dimension.getValue()).putDimension(name, 0, name.length);
        }
        final byte[] profileName = artifact.profileName.getBytes(StandardCharsets.UTF_8);
        install.putProfileName(profileName, 0, profileName.length);
        final byte[] options = artifact.options.getBytes(StandardCharsets.UTF_8);
        install.putOptions(options, 0, options.length);
        return worker.outbox.isEmpty()
            && worker.link.offer(Link.CONTROL, buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + install.encodedLength());
    }

    boolean forget(final WorkerState worker, final int artifactId) {
        forget.wrapAndApplyHeader(buffer, 0, header).epoch(epoch).artifactId(artifactId);
        return worker.outbox.send(buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + forget.encodedLength());
    }
}
