package org.clockwork.device.emulated;

import static org.junit.jupiter.api.Assertions.*;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The published table, tables of one's own, and what is said of bad lines. */
final class ProfileTableTest {
    private static final String HEADER = "model,weights_bytes,load_ns,input_bytes,output_bytes,b1_ns,b2_ns\n";

    @Test
    void thePublishedTableIsComplete() {
        final ProfileTable table = ProfileTable.published();
        assertEquals(65, table.names().size());
        assertEquals("densenet121", table.names().get(0));
        assertEquals(16, table.find("resnet50_v2").maxBatch());
        final Profile resnet = table.find("resnet50_v2");
        assertEquals(102_200_000, resnet.weightsBytes());
        assertEquals(7, resnet.pages());
        assertEquals(8_320_000, resnet.loadNs());
        assertEquals(602_112, resnet.inputBytes());
        assertEquals(4000, resnet.outputBytes());
        assertEquals(2_730_000, resnet.executeNs(1));
        assertEquals(5_870_000, resnet.executeNs(3));
        assertEquals(5_870_000, resnet.executeNs(4));
        assertEquals(9_930_000, resnet.executeNs(5));
        assertEquals(17_300_000, resnet.executeNs(16));
        assertEquals(-1, resnet.executeNs(17));
        assertEquals(-1, resnet.executeNs(0));
        assertNull(table.find("resnet50_v3"));
        assertEquals(0, table.find(Profile.ZERO).executeNs(64));
        assertEquals(1, table.find(Profile.ZERO).pages());
    }

    @Test
    void pagesAreRoundedUp() {
        assertEquals(1, Profile.parse("a:weights=16MiB,b1=0").pages());
        assertEquals(2, Profile.parse("a:weights=16777217,b1=0").pages());
        assertEquals(1, Profile.parse("a:weights=0,b1=0").pages());
    }

    @Test
    void aFileOfOnesOwnIsRead(@TempDir final Path directory) throws IOException {
        final Path file = directory.resolve("mine.csv");
        Files.writeString(file, "# mine\n\n" + HEADER + "a, 1, 2, 3, 4, 5, 6\nb,1,2,3,4,5,\n");
        final ProfileTable table = ProfileTable.load(file);
        assertEquals(6, table.find("a").executeNs(2));
        assertEquals(1, table.find("b").maxBatch());
        assertNotNull(table.find(Profile.ZERO));
        Files.writeString(file, HEADER + "a,1,2,3,4,5,6\nb,1,x,3,4,5,6\n");
        final String message = assertThrows(IllegalArgumentException.class, () -> ProfileTable.load(file)).getMessage();
        assertEquals(file + ":3: load_ns is no whole number: 'x'", message);
    }

    @Test
    void aBadLineIsNamedWithItsReason() {
        refused("t:1: expected the header", "a,1,2,3,4,5,6\n");
        refused("t:1: expected a column such as b4_ns but got 'b0_ns'", HEADER.replace("b2_ns", "b0_ns"));
        refused("t:2: expected 7 columns but got 6", HEADER + "a,1,2,3,4,5\n");
        refused("t:2: b2_ns is no whole number: '5ms'", HEADER + "a,1,2,3,4,5,5ms\n");
        refused("t:2: input size is not positive: 0", HEADER + "a,1,2,0,4,5,6\n");
        refused("t:2: input_bytes is too large: '2147483648'", HEADER + "a,1,2,2147483648,4,5,6\n");
        refused("t:2: load time is negative: -2", HEADER + "a,1,-2,3,4,5,6\n");
        refused("t:2: execution time of batch 2 is negative: -6", HEADER + "a,1,2,3,4,5,-6\n");
        refused("t:2: the model's name is empty", HEADER + ",1,2,3,4,5,6\n");
        refused("t:3: a second row for a", HEADER + "a,1,2,3,4,5,6\na,1,2,3,4,5,6\n");
        refused("t:2: batch sizes don't rise: 1 after 1", HEADER.replace("b2", "b1") + "a,1,2,3,4,5,6\n");
        refused("t:2: there is no execution time for batch 1", HEADER + "a,1,2,3,4,,\n");
        refused("t:2: b1_ns is no whole number: ''", HEADER + "a,1,2,3,4,,6\n");
        refused("t:1: there are no rows", HEADER);
        refused("t:1: there are no rows", "");
    }

    @Test
    void aMadeUpRowIsReadFromText() {
        final Profile profile = Profile.parse("tiny:weights=1.5MiB,load=8ms,input=602112,output=4KB,b1=2.5ms,b4=500us");
        assertEquals("tiny", profile.name());
        assertEquals(1_572_864, profile.weightsBytes());
        assertEquals(8_000_000, profile.loadNs());
        assertEquals(602_112, profile.inputBytes());
        assertEquals(4000, profile.outputBytes());
        assertEquals(2_500_000, profile.executeNs(1));
        assertEquals(500_000, profile.executeNs(3));
        for (final String bad : new String[] {"tiny", ":b1=1ms", "a:", "a:b1", "a:b1=1", "a:b1=ms", "a:b0=1ms", "a:c=1ms",
            "a:load=1ms", "a:b1=1ms,weights=1XB", "a:b1=1.2.3ms", "a:b1=.ms", "a:b2=1ms", "a:b1=1ms,input=3GiB"}) {
            assertThrows(IllegalArgumentException.class, () -> Profile.parse(bad), bad);
        }
    }

    private static void refused(final String start, final String text) {
        final String message = assertThrows(IllegalArgumentException.class,
            () -> ProfileTable.parse(new StringReader(text), "t")).getMessage();
        assertTrue(message.startsWith(start), message);
    }
}
