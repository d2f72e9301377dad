package org.clockwork.model.onnx;

import static org.junit.jupiter.api.Assertions.*;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.clockwork.model.Runner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shapes, estimates and limits of the writer; what it writes is what ONNX Runtime reads. */
final class NetTest {
    private final Net net = new Net("test", 1);
    private final Value image = net.input("input", 4, 9, 6);

    @Test
    void shapesFollowTheGeometry() {
        assertEquals(List.of(8, 9, 6), net.conv(image, Conv.of(8, 3)).shape());
        assertEquals(List.of(8, 5, 3), net.conv(image, Conv.of(8, 3).stride(2)).shape());
        assertEquals(List.of(8, 7, 4), net.conv(image, Conv.of(8, 3).pad(0)).shape());
        assertEquals(List.of(8, 9, 6), net.conv(image, Conv.of(8, 1, 7)).shape());
        assertEquals(List.of(4, 4, 2), net.maxPool(image, 3, 2, 0).shape());
        assertEquals(List.of(4, 4, 3), net.maxPool(image, 3, 2, 0, true).shape());
        assertEquals(List.of(2, 18, 12), net.convTranspose(image, Conv.of(2, 4).stride(2).pad(1)).shape());
        assertEquals(List.of(1, 18, 12), net.pixelShuffle(image, 2).shape());
        assertEquals(List.of(9, 6), net.sum(image, 0).shape());
        assertEquals(List.of(6, 4, 9), net.transpose(image, 2, 0, 1).shape());
        assertEquals(8, net.concat(List.of(image, image)).channels());
        assertEquals(1, net.channels(image, 2, 3).channels());
    }

    @Test
    void layersThatDoNotFitAreRefused() {
        final Value wider = net.conv(image, Conv.of(4, 3).pad(2));
        assertThrows(IllegalArgumentException.class, () -> net.add(image, wider));
        assertThrows(IllegalArgumentException.class, () -> net.concat(List.of(image, wider)));
        assertThrows(IllegalArgumentException.class, () -> net.conv(image, Conv.of(8, 3).groups(3)));
        assertThrows(IllegalArgumentException.class, () -> net.conv(image, Conv.of(8, 11).pad(0)));
        assertThrows(IllegalArgumentException.class, () -> net.reshape(image, 5, 5));
        assertThrows(IllegalArgumentException.class, () -> net.convTranspose(image, Conv.of(2, 3).stride(2)));
    }

    @Test
    void parametersAndBuffersAreCounted() {
        net.conv(image, Conv.of(8, 3).groups(2).bias());
        assertEquals(8 * 2 * 9 + 8, net.parameters());
        net.batchNorm(image);
        assertEquals(8 * 2 * 9 + 8 + 8, net.parameters());
        assertEquals(8, net.buffers());
        net.standardise(image);
        assertEquals(8 * 2 * 9 + 8 + 8, net.parameters());
        assertEquals(24, net.buffers());
    }

    @Test
    void coverageIsTheShareOfTheKernelOnTheImage() {
        assertEquals(1, Conv.of(1, 3).pad(0).coverage(9, 9));
        assertEquals((3 * 9 - 2) / 27.0, Conv.of(1, 3, 1).coverage(9, 6), 1e-12);
        assertEquals(1, Conv.of(1, 1).stride(2).coverage(9, 6));
    }

    @Test
    void momentsAreThoseOfTheNormalDistribution() {
        final Value standard = new Value("x", List.of(1), 0, 1);
        assertEquals(0.3989, Moments.reluMean(standard), 1e-3);
        assertEquals(0.5, Moments.reluSquare(standard), 1e-3);
        final Value positive = new Value("x", List.of(1), 10, 101);
        assertEquals(10, Moments.reluMean(positive), 1e-2);
        assertEquals(101, Moments.reluSquare(positive), 1e-1);
        assertEquals(0, Moments.reluMean(new Value("x", List.of(1), -1, 1)), 1e-9);
    }

    @Test
    void whatIsWrittenIsWhatIsRead(@TempDir final Path directory) throws Exception {
        final Net small = new Net("small", 3);
        final Value x = small.input("input", 4, 2, 3);
        final Value turned = small.transpose(x, 1, 2, 0);
        small.output("output", small.sum(small.reshape(turned, 6, 4), 1));
        final Path file = directory.resolve("small.onnx");
        small.write(file);
        try (Runner runner = new Runner(file)) {
            final float[] input = new float[2 * 24];
            for (int i = 0; i < input.length; i++) {
                input[i] = i;
            }
            final float[] output = runner.run(2, input);
            assertEquals(12, output.length);
            assertEquals(0 + 6 + 12 + 18, output[0]);
            assertEquals(5 + 11 + 17 + 23, output[5]);
            assertEquals(24 + 30 + 36 + 42, output[6]);
        }
    }

    @Test
    void aFileThatCanNotBeWrittenLeavesNothing(@TempDir final Path directory) throws IOException {
        final Net huge = new Net("huge", 1);
        huge.output("output", huge.dense(huge.input("input", 30_000), 30_000, false));
        final String message = assertThrows(IOException.class, () -> huge.write(directory.resolve("huge.onnx"))).getMessage();
        assertTrue(message.contains("more than an ONNX file holds"), message);
        assertEquals(0, directory.toFile().list().length);
        final Path blocked = Files.createFile(directory.resolve("file"));
        assertThrows(IOException.class, () -> net.write(blocked.resolve("x.onnx")));
    }

    @Test
    void aFullDiskIsReported() {
        net.output("output", image);
        final OutputStream full = new OutputStream() {
            @Override
            public void write(final int value) throws IOException {
                throw new IOException("no space left");
            }
        };
        assertThrows(IOException.class, () -> net.write(full));
        assertDoesNotThrow(() -> net.write(new ByteArrayOutputStream()));
    }
}
