package org.clockwork.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.codec.InferDecoder;
import org.clockwork.schema.codec.InferEncoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.clockwork.schema.link.Allocated;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

/** Every message round-trips; the check passes whole messages and nothing that would lead a decoder outside. */
class MessageCheckTest {
    private static final long SEED = 20201104;

    private final SchemaXml schema;
    private final SampleMessages samples = new SampleMessages(SEED);
    private final MessageCheck check = new MessageCheck();
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[64 * 1024]);

    MessageCheckTest() throws Exception {
        schema = new SchemaXml();
    }

    @Test
    void everyMessageRoundTrips() throws Exception {
        int messages = 0;
        for (final Element message : schema.messages()) {
            for (int i = 0; i < 20; i++) {
                final List<Object> written = new ArrayList<>();
                final int length = samples.encode(message, buffer, written);
                assertTrue(check.isValid(buffer, 0, length), SchemaXml.path(message));
                assertEquals(Integer.parseInt(message.getAttribute("id")), check.templateId());
                assertEquals(written, samples.decode(message, new UnsafeBuffer(buffer, 0, length)), SchemaXml.path(message));
            }
            messages++;
        }
        assertTrue(messages > 30, "messages=" + messages);
    }

    @Test
    void everyTruncatedMessageIsRefused() throws Exception {
        for (final Element message : schema.messages()) {
            final int length = samples.encode(message, buffer, new ArrayList<>());
            for (int shorter = 0; shorter < length; shorter++) {
                assertFalse(check.isValid(buffer, 0, shorter), SchemaXml.path(message) + " length=" + shorter);
            }
            final UnsafeBuffer moved = new UnsafeBuffer(new byte[length + 13]);
            moved.putBytes(13, buffer, 0, length);
            assertTrue(check.isValid(moved, 13, length), "at another offset");
            assertFalse(check.isValid(moved, 13, length - 1));
        }
    }

    @Test
    void whatPassesWithRandomBytesChangedNeverLeadsADecoderOutside() throws Exception {
        final Random random = new Random(SEED);
        int passed = 0;
        int refused = 0;
        for (int round = 0; round < 80; round++) {
            for (final Element message : schema.messages()) {
                final int length = samples.encode(message, buffer, new ArrayList<>());
                for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                    final int index = MessageHeaderEncoder.ENCODED_LENGTH + random.nextInt(length - 8);
                    buffer.putByte(index, random.nextBoolean() ? (byte) 0xFF : (byte) random.nextInt(256));
                }
                if (check.isValid(buffer, 0, length)) {
                    passed++;
                    assertReadable(message, length);
                } else {
                    refused++;
                }
            }
        }
        assertTrue(passed > 1500 && refused > 150, "passed=" + passed + " refused=" + refused);
    }

    @Test
    void garbageIsRefused() {
        final Random random = new Random(SEED);
        final byte[] bytes = new byte[256];
        int passed = 0;
        for (int i = 0; i < 20_000; i++) {
            random.nextBytes(bytes);
            buffer.putBytes(0, bytes);
            passed += check.isValid(buffer, 0, random.nextInt(256)) ? 1 : 0;
        }
        assertEquals(0, passed);
    }

    @Test
    void headerOfAnotherSchemaTemplateOrVersionIsRefused() throws Exception {
        final MessageHeaderEncoder header = new MessageHeaderEncoder();
        for (final Element message : schema.messages()) {
            final String name = message.getAttribute("name");
            final int length = samples.encode(message, buffer, new ArrayList<>());
            final int templateId = check.isValid(buffer, 0, length) ? check.templateId() : -1;
            final int blockLength = check.blockLength();
            header.wrap(buffer, 0).schemaId(MessageHeaderEncoder.SCHEMA_ID + 1);
            assertFalse(check.isValid(buffer, 0, length), name);
            header.schemaId(MessageHeaderEncoder.SCHEMA_ID).templateId(65535);
            assertFalse(check.isValid(buffer, 0, length), name);
            header.templateId(0);
            assertFalse(check.isValid(buffer, 0, length), name);
            header.templateId(templateId).blockLength(blockLength - 1);
            assertFalse(check.isValid(buffer, 0, length), name);
            header.blockLength(65535);
            assertFalse(check.isValid(buffer, 0, length), name);
            buffer.setMemory(length, 64, (byte) 0);
            header.blockLength(blockLength + 2);
            assertFalse(check.isValid(buffer, 0, length + 64), name + ": decoders may know their block's length");
            header.blockLength(blockLength).version(Protocol.VERSION + 1);
            final boolean isOpening = List.of("LaneOpen", "Connect", "ConnectAck", "Hello", "HelloAck").contains(name);
            assertEquals(isOpening, check.isValid(buffer, 0, length), name);
        }
    }

    @Test
    void checkingAllocatesNothing() {
        final InferEncoder infer = new InferEncoder().wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder());
        final InferEncoder.RequestsEncoder requests = infer.requestsCount(16);
        for (int i = 0; i < 16; i++) {
            requests.next().requestId(i).putInput(new byte[100], 0, 100);
        }
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + infer.encodedLength();
        long least = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 5; attempt++) {
            final long before = Allocated.bytes();
            int valid = 0;
            for (int i = 0; i < 10_000; i++) {
                valid += check.isValid(buffer, 0, length) ? 1 : 0;
            }
            least = Math.min(least, Allocated.bytes() - before);
            assertEquals(10_000, valid);
        }
        assertEquals(InferDecoder.TEMPLATE_ID, check.templateId());
        assertTrue(least < 200, "bytes=" + least);
    }

    /** Reading may meet text or enums that mean nothing, never an index outside the message. */
    private void assertReadable(final Element message, final int length) throws Exception {
        try {
            samples.decode(message, new UnsafeBuffer(buffer, 0, length));
        } catch (final InvocationTargetException ex) {
            throw new AssertionError(SchemaXml.path(message), ex.getCause());
        }
    }
}
