package org.clockwork.controller.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.clockwork.controller.storage.FilePort;

/** Reads and writes the catalogue's file; a write replaces the file in one step or leaves it as it was. Any one thread. */
final class CatalogueFile {
    /** All are immutable. */
    private static final int FORMAT_WITHOUT_OPTIONS = 1;
    private static final ObjectReader TREES = mapper().reader();
    private static final ObjectReader READER = mapper().readerFor(CatalogueRecord.class);
    private static final ObjectWriter WRITER = mapper().writerFor(CatalogueRecord.class);

    private final FilePort files;
    private final Path file;
    private final Path temporary;

    CatalogueFile(final FilePort files, final Path directory) {
        this.files = files;
        file = directory.resolve("catalogue.json");
        temporary = directory.resolve("catalogue.json.new");
    }

    Path path() {
        return file;
    }

    /** What the file says, or an empty catalogue if there is none yet. */
    CatalogueRecord read() {
        try {
            if (files.length(file) < 0) {
                return new CatalogueRecord(CatalogueRecord.FORMAT, 0, 0, 0, List.of(), List.of());
            }
            final byte[] bytes = files.readAll(file);
            final JsonNode tree = TREES.readTree(bytes);
            final JsonNode format = tree.get("format");
            if (format == null || !format.isInt() || format.intValue() != CatalogueRecord.FORMAT
                && format.intValue() != FORMAT_WITHOUT_OPTIONS) {
                throw new CatalogueException(file, "format " + format + ", known is format " + CatalogueRecord.FORMAT, null);
            }
            return format.intValue() == FORMAT_WITHOUT_OPTIONS ? READER.readValue(withOptions((ObjectNode) tree))
                : READER.readValue(bytes);
        } catch (final JsonProcessingException ex) {
            throw new CatalogueException(file, ex.getOriginalMessage() + place(ex), ex);
        } catch (final IOException ex) {
            throw new CatalogueException(file, "can't be read: " + ex, ex);
        }
    }

    /** Artifacts of the first format were run as workers liked it. */
    private static JsonNode withOptions(final ObjectNode tree) {
        tree.put("format", CatalogueRecord.FORMAT);
        for (final JsonNode artifact : tree.path("artifacts")) {
            if (artifact instanceof ObjectNode fields) {
                fields.put("options", "");
            }
        }
        return tree;
    }

    void write(final CatalogueRecord record) throws IOException {
        final byte[] bytes = WRITER.writeValueAsBytes(record);
        try (FilePort.Sink sink = files.create(temporary)) {
            sink.write(ByteBuffer.wrap(bytes));
            sink.force();
        }
        files.move(temporary, file);
    }

    private static String place(final JsonProcessingException ex) {
        final String path = ex instanceof JsonMappingException mapping ? path(mapping.getPath()) : "";
        return path + (ex.getLocation() == null
            ? "" : " at line " + ex.getLocation().getLineNr() + " column " + ex.getLocation().getColumnNr());
    }

    private static String path(final List<JsonMappingException.Reference> path) {
        final StringBuilder text = new StringBuilder(" in ");
        for (final JsonMappingException.Reference reference : path) {
            text.append('/').append(reference.getFieldName() == null ? reference.getIndex() : reference.getFieldName());
        }
        return text.toString();
    }

    private static ObjectMapper mapper() {
        return JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();
    }
}
