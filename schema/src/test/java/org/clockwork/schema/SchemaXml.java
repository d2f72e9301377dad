package org.clockwork.schema;

import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** The schema file as a tree, for tests that hold the code against it. */
final class SchemaXml {
    private final Element root;

    SchemaXml() throws Exception {
        try (InputStream in = SchemaXml.class.getResourceAsStream("/clockwork-codecs.xml")) {
            final Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in);
            root = document.getDocumentElement();
        }
    }

    /** All elements of that name, prefix or not, anywhere in the file. */
    List<Element> all(final String localName) {
        final List<Element> found = new ArrayList<>();
        collect(root, localName, found);
        return found;
    }

    List<Element> messages() {
        return all("message");
    }

    /** Elements of that name directly inside another. */
    static List<Element> children(final Element parent, final String localName) {
        final List<Element> found = new ArrayList<>();
        final NodeList nodes = parent.getChildNodes();
        for (int i = 0; i < nodes.getLength(); i++) {
            if (nodes.item(i) instanceof Element && localName.equals(localName(nodes.item(i)))) {
                found.add((Element) nodes.item(i));
            }
        }
        return found;
    }

    /** Where an element is, for messages. */
    static String path(final Element element) {
        final Node parent = element.getParentNode();
        final String name = localName(element) + "[" + element.getAttribute("name") + "]";
        return parent instanceof Element ? path((Element) parent) + "/" + name : name;
    }

    private static void collect(final Element element, final String localName, final List<Element> found) {
        if (localName.equals(localName(element))) {
            found.add(element);
        }
        final NodeList nodes = element.getChildNodes();
        for (int i = 0; i < nodes.getLength(); i++) {
            if (nodes.item(i) instanceof Element) {
                collect((Element) nodes.item(i), localName, found);
            }
        }
    }

    private static String localName(final Node node) {
        final String name = node.getNodeName();
        return name.substring(name.indexOf(':') + 1);
    }
}
