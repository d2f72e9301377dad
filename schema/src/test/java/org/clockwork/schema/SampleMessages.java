package org.clockwork.schema;

import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.clockwork.schema.codec.MessageHeaderDecoder;
import org.clockwork.schema.codec.MessageHeaderEncoder;
import org.w3c.dom.Element;

/** Fills and reads messages of the schema file through their generated codecs, with every field, group and data. */
final class SampleMessages {
    private static final String CODECS = "org.clockwork.schema.codec.";

    private final Random random;

    SampleMessages(final long seed) {
        random = new Random(seed);
    }

    /** Encodes a message with random content and returns what was put in, in the order of the schema. */
    int encode(final Element message, final UnsafeBuffer buffer, final List<Object> written) throws Exception {
        final String name = message.getAttribute("name");
        final Object encoder = Class.forName(CODECS + name + "Encoder").getConstructor().newInstance();
        encoder.getClass().getMethod("wrapAndApplyHeader", MutableDirectBuffer.class, int.class, MessageHeaderEncoder.class)
            .invoke(encoder, buffer, 0, new MessageHeaderEncoder());
        encodeMembers(message, encoder, written);
        return MessageHeaderEncoder.ENCODED_LENGTH + (int) encoder.getClass().getMethod("encodedLength").invoke(encoder);
    }

    /** Decodes a message and returns what was in it, in the order of the schema. */
    List<Object> decode(final Element message, final DirectBuffer buffer) throws Exception {
        final String name = message.getAttribute("name");
        final MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(buffer, 0);
        final Object decoder = Class.forName(CODECS + name + "Decoder").getConstructor().newInstance();
        decoder.getClass().getMethod("wrap", DirectBuffer.class, int.class, int.class, int.class)
            .invoke(decoder, buffer, MessageHeaderDecoder.ENCODED_LENGTH, header.blockLength(), header.version());
        final List<Object> read = new ArrayList<>();
        decodeMembers(message, decoder, read);
        return read;
    }

    private void encodeMembers(final Element parent, final Object encoder, final List<Object> written) throws Exception {
        for (final Element field : SchemaXml.children(parent, "field")) {
            encodeField(field, encoder, written);
        }
        for (final Element group : SchemaXml.children(parent, "group")) {
            final int count = 1 + random.nextInt(3);
            final Object groupEncoder =
                encoder.getClass().getMethod(group.getAttribute("name") + "Count", int.class).invoke(encoder, count);
            written.add(count);
            for (int i = 0; i < count; i++) {
                groupEncoder.getClass().getMethod("next").invoke(groupEncoder);
                encodeMembers(group, groupEncoder, written);
            }
        }
        for (final Element data : SchemaXml.children(parent, "data")) {
            final byte[] bytes = new byte[1 + random.nextInt(40)];
            random.nextBytes(bytes);
            encoder.getClass()
                .getMethod("put" + capitalised(data.getAttribute("name")), byte[].class, int.class, int.class)
                .invoke(encoder, bytes, 0, bytes.length);
            written.add(hex(bytes));
        }
    }

    private void encodeField(final Element field, final Object encoder, final List<Object> written) throws Exception {
        final String name = field.getAttribute("name");
        final String type = field.getAttribute("type");
        if ("Sha256".equals(type)) {
            final byte[] bytes = new byte[32];
            random.nextBytes(bytes);
            final Method setter = encoder.getClass().getMethod(name, int.class, short.class);
            for (int i = 0; i < bytes.length; i++) {
                setter.invoke(encoder, i, (short) (bytes[i] & 0xFF));
            }
            written.add(hex(bytes));
            return;
        }
        final Method setter = setter(encoder, name);
        if (setter == null) {
            final Object set = encoder.getClass().getMethod(name).invoke(encoder);
            final byte bits = (byte) random.nextInt(256);
            final MutableDirectBuffer buffer = (MutableDirectBuffer) set.getClass().getMethod("buffer").invoke(set);
            buffer.putByte((int) set.getClass().getMethod("offset").invoke(set), bits);
            written.add(bits & 0xFF);
            return;
        }
        final Class<?> parameter = setter.getParameterTypes()[0];
        final Object value;
        if (parameter.isEnum()) {
            final Object[] constants = parameter.getEnumConstants();
            Object constant = constants[random.nextInt(constants.length)];
            while ("NULL_VAL".equals(constant.toString()) || "SBE_UNKNOWN".equals(constant.toString())) {
                constant = constants[random.nextInt(constants.length)];
            }
            value = constant;
        } else if (parameter == long.class) {
            value = random.nextLong();
        } else {
            value = type.equals("uint16") ? random.nextInt(65535) : type.equals("uint8") ? random.nextInt(255) : random.nextInt();
        }
        setter.invoke(encoder, parameter == short.class ? (Object) ((Integer) value).shortValue() : value);
        written.add(parameter.isEnum() ? value.toString() : ((Number) value).longValue());
    }

    private void decodeMembers(final Element parent, final Object decoder, final List<Object> read) throws Exception {
        for (final Element field : SchemaXml.children(parent, "field")) {
            final String name = field.getAttribute("name");
            if ("Sha256".equals(field.getAttribute("type"))) {
                final byte[] bytes = new byte[32];
                final Method getter = decoder.getClass().getMethod(name, int.class);
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] = (byte) (short) getter.invoke(decoder, i);
                }
                read.add(hex(bytes));
                continue;
            }
            final Object value = decoder.getClass().getMethod(name).invoke(decoder);
            if (value instanceof Number) {
                read.add(((Number) value).longValue());
            } else if (value instanceof Enum) {
                read.add(value.toString());
            } else {
                read.add((int) (short) value.getClass().getMethod("getRaw").invoke(value));
            }
        }
        for (final Element group : SchemaXml.children(parent, "group")) {
            final Object groupDecoder = decoder.getClass().getMethod(group.getAttribute("name")).invoke(decoder);
            read.add(groupDecoder.getClass().getMethod("count").invoke(groupDecoder));
            while ((boolean) groupDecoder.getClass().getMethod("hasNext").invoke(groupDecoder)) {
                groupDecoder.getClass().getMethod("next").invoke(groupDecoder);
                decodeMembers(group, groupDecoder, read);
            }
        }
        for (final Element data : SchemaXml.children(parent, "data")) {
            final String name = data.getAttribute("name");
            final int length = (int) decoder.getClass().getMethod(name + "Length").invoke(decoder);
            final byte[] bytes = (byte[]) Array.newInstance(byte.class, length);
            decoder.getClass().getMethod("get" + capitalised(name), byte[].class, int.class, int.class)
                .invoke(decoder, bytes, 0, length);
            read.add(hex(bytes));
        }
    }

    private static Method setter(final Object encoder, final String name) {
        for (final Method method : encoder.getClass().getMethods()) {
            if (method.getName().equals(name) && method.getParameterCount() == 1) {
                return method;
            }
        }
        return null;
    }

    private static String capitalised(final String name) {
        return Character.toUpperCase(name.charAt(0)) + name.substring(1);
    }

    private static String hex(final byte[] bytes) {
        return java.util.HexFormat.of().formatHex(bytes);
    }
}
