package org.clockwork.controller;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ArtifactPhase;
import org.clockwork.schema.codec.ArtifactStateEncoder;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.DrainingEncoder;
import org.clockwork.schema.codec.HeartbeatDecoder;
import org.clockwork.schema.codec.HeartbeatEncoder;
import org.clockwork.schema.codec.HelloAckDecoder;
import org.clockwork.schema.codec.HelloEncoder;
import org.clockwork.schema.codec.InstallArtifactDecoder;
import org.clockwork.schema.codec.InventoryEncoder;
import org.clockwork.schema.codec.Status;
import org.clockwork.schema.link.Link;
import org.clockwork.schema.link.memory.MemoryDialer;

/** A worker that does what a test tells it, with the real codecs; it answers heartbeats unless told not to. */
public final class ScriptedWorker extends ScriptedPeer {
    /** What it says of one device. */
    public record DeviceSpec(
        int pageBytes, int totalPages, int freePages, int maxBatch, int inferDepth, boolean isEmulated, String description) {
    }

    /** One model held at HELLO. */
    public record Held(int deviceIndex, long modelId, int pages, byte[] key) {
    }

    public final String name;
    public final long incarnation;
    public final List<DeviceSpec> devices = new ArrayList<>();
    public String backend = "emulated";
    /** What it says executes everything. */
    public String engine = "scripted";
    public boolean answersHeartbeats = true;
    /** From the controller's clock to this worker's. */
    public LongUnaryOperator clock = ns -> ns;
    public long epoch;
    private long correlationId;

    public ScriptedWorker(final MemoryDialer dialer, final String name, final long incarnation) {
        super(dialer);
        this.name = name;
        this.incarnation = incarnation;
    }

    public ScriptedWorker emulated(final int count) {
        backend = "emulated";
        for (int i = 0; i < count; i++) {
            devices.add(new DeviceSpec(16 << 20, 100, 100, 16, 2, true, "emulated " + i));
        }
        return this;
    }

    public ScriptedWorker cpu() {
        backend = "cpu";
        devices.add(new DeviceSpec(16 << 20, 50, 50, 16, 2, false, "cpu"));
        return this;
    }

    @Override
    protected void onReceived(final int lane, final UnsafeBuffer message, final long atNs) {
        if (templateId(message) == HelloAckDecoder.TEMPLATE_ID) {
            epoch = decode(message, new HelloAckDecoder()).epoch();
        } else if (templateId(message) == HeartbeatDecoder.TEMPLATE_ID && answersHeartbeats) {
            final long ours = clock.applyAsLong(atNs);
            heartbeat(ours, decode(message, new HeartbeatDecoder()).sentNs(), ours);
        }
    }

    public void join() {
        hello();
        inventory(List.of(), true);
    }

    public long hello() {
        return hello(Protocol.VERSION, new byte[0]);
    }

    public long hello(final int version, final byte[] credentials) {
        final HelloEncoder hello = new HelloEncoder().wrapAndApplyHeader(buffer, 0, header)
            .correlationId(++correlationId).incarnation(incarnation).schemaVersion(version).epochSeen(epoch);
        final HelloEncoder.DevicesEncoder group = hello.devicesCount(devices.size());
        for (final DeviceSpec device : devices) {
            group.next().flags().clear().emulated(device.isEmulated);
            group.pageBytes(device.pageBytes).totalPages(device.totalPages).freePages(device.freePages)
                .maxBatch(device.maxBatch).inferDepth(device.inferDepth).description(device.description);
        }
        send(Link.CONTROL, hello.workerName(name).backend(backend).build("test")
            .putCredentials(credentials, 0, credentials.length));
        return correlationId;
    }

    public void inventory(final List<Held> held, final boolean isLast) {
        final InventoryEncoder inventory = new InventoryEncoder().wrapAndApplyHeader(buffer, 0, header).incarnation(incarnation);
        inventory.flags().clear().last(isLast);
        final InventoryEncoder.LoadedEncoder group = inventory.loadedCount(held.size());
        for (final Held each : held) {
            group.next().deviceIndex(each.deviceIndex).modelId(each.modelId).pages(each.pages).putArtifactKey(each.key, 0, 32);
        }
        send(Link.CONTROL, inventory);
    }

    public void heartbeat(final long sentNs, final long echoSentNs, final long echoReceivedNs) {
        send(Link.CONTROL, new HeartbeatEncoder().wrapAndApplyHeader(buffer, 0, header)
            .incarnation(incarnation).epoch(epoch).sentNs(sentNs).echoSentNs(echoSentNs).echoReceivedNs(echoReceivedNs));
    }

    public void draining() {
        send(Link.CONTROL, new DrainingEncoder().wrapAndApplyHeader(buffer, 0, header)
            .incarnation(incarnation).limitNs(1_000_000_000));
    }

    public void needFile(final int artifactId, final long transferId) {
        final ArtifactStateEncoder state = state(artifactId, ArtifactPhase.NEED_FILE, Status.OK).transferId(transferId);
        state.profileCount(0);
        state.tensorsCount(0);
        send(Link.CONTROL, state.detail("").engine(engine));
    }

    public void failed(final int artifactId, final Status status, final String detail) {
        final ArtifactStateEncoder state = state(artifactId, ArtifactPhase.FAILED, status);
        state.profileCount(0);
        state.tensorsCount(0);
        send(Link.CONTROL, state.detail(detail).engine(""));
    }

    public void ready(final int artifactId, final int pages, final long loadNs, final long... executeNs) {
        ready(artifactId, pages, 16, "data", loadNs, executeNs);
    }

    public void ready(
        final int artifactId, final int pages, final int maxBatch, final String inputName, final long loadNs,
        final long... executeNs) {
        final ArtifactStateEncoder state = state(artifactId, ArtifactPhase.READY, Status.OK)
            .weightsBytes(pages * 1000L).pages(pages).maxBatch(maxBatch).loadNs(loadNs);
        final ArtifactStateEncoder.ProfileEncoder profile = state.profileCount(executeNs.length);
        for (int i = 0; i < executeNs.length; i++) {
            profile.next().batchSize(1 << i).executeNs(executeNs[i]);
        }
        final ArtifactStateEncoder.TensorsEncoder tensors = state.tensorsCount(2);
        tensors.next().isOutput((short) 0).dataType(DataType.FLOAT32).bytes(12).name(inputName).shape("3");
        tensors.next().isOutput((short) 1).dataType(DataType.FLOAT32).bytes(8).name("prob").shape("2");
        send(Link.CONTROL, state.detail("").engine(engine));
    }

    private ArtifactStateEncoder state(final int artifactId, final ArtifactPhase phase, final Status status) {
        return new ArtifactStateEncoder().wrapAndApplyHeader(buffer, 0, header)
            .epoch(epoch).artifactId(artifactId).phase(phase).status(status).transferId(0).weightsBytes(0).pages(0)
            .maxBatch(0).loadNs(Protocol.NULL_NS);
    }

    /** Profile name of the last INSTALL-ARTIFACT. */
    public String installedProfile() {
        final InstallArtifactDecoder install = install();
        install.dimensions().forEach(InstallArtifactDecoder.DimensionsDecoder::dimension);
        return install.profileName();
    }

    public InstallArtifactDecoder install() {
        return last(new InstallArtifactDecoder());
    }
}
