package org.clockwork.device.cpu;

import ai.onnxruntime.OnnxJavaType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.clockwork.device.ElementType;
import org.clockwork.device.TensorSpec;

/**
 * A compiled model on disk: one file, written whole and then renamed into place, so that it is there or not. Its parts
 * carry checksums; a file that does not match is as good as none. Used by the compiling thread.
 *
 * <p>Layout: magic, length of the head, head, checksum of the head; then the skeleton; then, at a multiple of 4 KiB, the
 * payload.
 */
final class ArtifactFile {
    private static final long MAGIC = 0x434C_4B43_5055_0001L;
    private static final int MAX_HEAD_BYTES = 64 << 20;
    private static final int PART_BYTES = 1 << 20;
    private static final int PREFIX_BYTES = Long.BYTES + Integer.BYTES;

    /** What was read back: the head, the skeleton, and where the payload starts. */
    record Content(Artifact artifact, byte[] skeleton, long payloadOffset) {
    }

    private ArtifactFile() {
    }

    /** Writes it under a temporary name in {@code workDirectory} and moves it into place. */
    static void write(final Path file, final Path workDirectory, final String environment, final Artifact artifact,
        final byte[] skeleton, final ByteBuffer payload) throws IOException {
        final byte[] head = head(environment, artifact, skeleton, crc(payload.duplicate()));
        final long payloadOffset = payloadOffset(head.length, skeleton.length);
        final Path temporary = workDirectory.resolve("artifact");
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
            final ByteBuffer prefix = ByteBuffer.allocate(PREFIX_BYTES).putLong(MAGIC).putInt(head.length).flip();
            writeFully(channel, prefix, 0);
            writeFully(channel, ByteBuffer.wrap(head), PREFIX_BYTES);
            final ByteBuffer headCrc = ByteBuffer.allocate(Long.BYTES).putLong(crc(ByteBuffer.wrap(head))).flip();
            writeFully(channel, headCrc, PREFIX_BYTES + head.length);
            writeFully(channel, ByteBuffer.wrap(skeleton), PREFIX_BYTES + head.length + Long.BYTES);
            writeFully(channel, payload.duplicate(), payloadOffset);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Reads one back; null if there is none of this environment and batch, or if any part of it is damaged. */
    static Content read(final Path file, final String environment, final int requestedMaxBatch) {
        if (!Files.isRegularFile(file)) {
            return null;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final ByteBuffer prefix = readFully(channel, 0, PREFIX_BYTES);
            if (prefix.getLong() != MAGIC) {
                return null;
            }
            final int headBytes = prefix.getInt();
            if (headBytes <= 0 || headBytes > MAX_HEAD_BYTES) {
                return null;
            }
            final ByteBuffer head = readFully(channel, PREFIX_BYTES, headBytes);
            if (readFully(channel, PREFIX_BYTES + headBytes, Long.BYTES).getLong() != crc(head.duplicate())) {
                return null;
            }
            return content(channel, head.array(), environment, requestedMaxBatch);
        } catch (final IOException | RuntimeException e) {
            // whatever is wrong with it, compiling again puts it right
            return null;
        }
    }

    private static Content content(final FileChannel channel, final byte[] head, final String environment,
        final int requestedMaxBatch) throws IOException {
        final DataInputStream in = new DataInputStream(new ByteArrayInputStream(head));
        if (!in.readUTF().equals(environment)) {
            return null;
        }
        final int skeletonBytes = in.readInt();
        final long skeletonCrc = in.readLong();
        final long payloadCrc = in.readLong();
        final Artifact artifact = readArtifact(in);
        if (artifact.requestedMaxBatch() != requestedMaxBatch) {
            return null;
        }
        final byte[] skeleton = readFully(channel, PREFIX_BYTES + head.length + Long.BYTES, skeletonBytes).array();
        final long payloadOffset = payloadOffset(head.length, skeletonBytes);
        final long payloadBytes = artifact.payloadBytes();
        if (channel.size() != payloadOffset + payloadBytes || crc(ByteBuffer.wrap(skeleton)) != skeletonCrc) {
            return null;
        }
        return crc(channel, payloadOffset, payloadBytes) == payloadCrc ? new Content(artifact, skeleton, payloadOffset) : null;
    }

    private static byte[] head(final String environment, final Artifact artifact, final byte[] skeleton,
        final long payloadCrc) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF(environment);
        out.writeInt(skeleton.length);
        out.writeLong(crc(ByteBuffer.wrap(skeleton)));
        out.writeLong(payloadCrc);
        out.writeInt(artifact.requestedMaxBatch());
        out.writeInt(artifact.maxBatch());
        out.writeBoolean(artifact.batched());
        out.writeBoolean(artifact.runtimeFormat());
        out.writeBoolean(artifact.prepacked());
        out.writeLong(artifact.regionBytes());
        out.writeLong(artifact.packedBytes());
        out.writeLong(artifact.payloadBytes());
        writeSpecs(out, artifact.inputs());
        writeSpecs(out, artifact.outputs());
        out.writeInt(artifact.bindings().size());
        for (final Binding binding : artifact.bindings()) {
            out.writeUTF(binding.name());
            out.writeUTF(binding.type().name());
            out.writeInt(binding.shape().length);
            for (final long dimension : binding.shape()) {
                out.writeLong(dimension);
            }
            out.writeLong(binding.offset());
            out.writeLong(binding.bytes());
            out.writeBoolean(binding.packed());
        }
        return bytes.toByteArray();
    }

    private static Artifact readArtifact(final DataInputStream in) throws IOException {
        final int requestedMaxBatch = in.readInt();
        final int maxBatch = in.readInt();
        final boolean batched = in.readBoolean();
        final boolean runtimeFormat = in.readBoolean();
        final boolean prepacked = in.readBoolean();
        final long regionBytes = in.readLong();
        final long packedBytes = in.readLong();
        final long payloadBytes = in.readLong();
        final List<TensorSpec> inputs = readSpecs(in);
        final List<TensorSpec> outputs = readSpecs(in);
        final int count = in.readInt();
        final List<Binding> bindings = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final String name = in.readUTF();
            final OnnxJavaType type = OnnxJavaType.valueOf(in.readUTF());
            final long[] shape = new long[in.readInt()];
            for (int axis = 0; axis < shape.length; axis++) {
                shape[axis] = in.readLong();
            }
            bindings.add(new Binding(name, type, shape, in.readLong(), in.readLong(), in.readBoolean()));
        }
        return new Artifact(requestedMaxBatch, maxBatch, batched, runtimeFormat, prepacked, regionBytes, packedBytes,
            payloadBytes, inputs, outputs, List.copyOf(bindings));
    }

    private static void writeSpecs(final DataOutputStream out, final List<TensorSpec> specs) throws IOException {
        out.writeInt(specs.size());
        for (final TensorSpec spec : specs) {
            out.writeUTF(spec.name());
            out.writeUTF(spec.type().name());
            out.writeInt(spec.shape().size());
            for (final int dimension : spec.shape()) {
                out.writeInt(dimension);
            }
        }
    }

    private static List<TensorSpec> readSpecs(final DataInputStream in) throws IOException {
        final int count = in.readInt();
        final List<TensorSpec> specs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final String name = in.readUTF();
            final ElementType type = ElementType.valueOf(in.readUTF());
            final int rank = in.readInt();
            final List<Integer> shape = new ArrayList<>();
            for (int axis = 0; axis < rank; axis++) {
                shape.add(in.readInt());
            }
            specs.add(new TensorSpec(name, type, shape));
        }
        return List.copyOf(specs);
    }

    private static long payloadOffset(final int headBytes, final int skeletonBytes) {
        return NativeMemory.roundUp((long) PREFIX_BYTES + headBytes + Long.BYTES + skeletonBytes, NativeMemory.SMALL_PAGE);
    }

    private static long crc(final ByteBuffer buffer) {
        final CRC32C crc = new CRC32C();
        crc.update(buffer);
        return crc.getValue();
    }

    private static long crc(final FileChannel channel, final long offset, final long length) throws IOException {
        final CRC32C crc = new CRC32C();
        final ByteBuffer part = ByteBuffer.allocateDirect(PART_BYTES);
        for (long done = 0; done < length; done += part.limit()) {
            part.clear().limit((int) Math.min(PART_BYTES, length - done));
            while (part.hasRemaining() && channel.read(part, offset + done + part.position()) >= 0) {
                continue;
            }
            crc.update(part.flip());
        }
        return crc.getValue();
    }

    private static void writeFully(final FileChannel channel, final ByteBuffer bytes, final long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    private static ByteBuffer readFully(final FileChannel channel, final long position, final int length) throws IOException {
        if (length < 0 || position + length > channel.size()) {
            throw new IOException("the file ends before " + (position + length));
        }
        final ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) >= 0) {
            continue;
        }
        return bytes.flip();
    }
}
