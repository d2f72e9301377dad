package org.clockwork.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

/** The schema file documents itself: everything a peer can meet has a description. */
class SchemaDescriptionTest {
    private static final List<String> KINDS =
        List.of("message", "field", "group", "data", "enum", "validValue", "set", "choice", "composite");

    private final SchemaXml schema;

    SchemaDescriptionTest() throws Exception {
        schema = new SchemaXml();
    }

    @Test
    void everythingHasADescription() {
        final List<String> silent = new ArrayList<>();
        int seen = 0;
        for (final String kind : KINDS) {
            final List<Element> elements = schema.all(kind);
            assertTrue(!elements.isEmpty(), kind);
            seen += elements.size();
            for (final Element element : elements) {
                if (element.getAttribute("description").isBlank()) {
                    silent.add(SchemaXml.path(element));
                }
            }
        }
        assertEquals(List.of(), silent);
        assertTrue(seen > 300, "seen=" + seen);
    }

    @Test
    void idsAreUnique() {
        final Set<String> messageIds = new HashSet<>();
        for (final Element message : schema.messages()) {
            assertTrue(messageIds.add(message.getAttribute("id")), SchemaXml.path(message));
            final Set<String> fieldIds = new HashSet<>();
            for (final String kind : List.of("field", "group", "data")) {
                for (final Element member : schema.all(kind)) {
                    if (SchemaXml.path(member).startsWith(SchemaXml.path(message) + "/")) {
                        assertTrue(fieldIds.add(member.getAttribute("id")), SchemaXml.path(member));
                    }
                }
            }
        }
    }
}
