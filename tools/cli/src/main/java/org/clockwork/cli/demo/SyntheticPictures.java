package org.clockwork.cli.demo;

import org.agrona.MutableDirectBuffer;
import org.clockwork.loadgen.Xoshiro;

/**
 * Draws pictures that are not noise: a lit background with coloured discs and bars and a little grain. A seed gives the same
 * pictures everywhere. Values have about mean 0 and variance 1, as image nets want them.
 */
final class SyntheticPictures {
    private static final int SHAPES = 5;
    private static final double GRAIN = 0.02;
    private static final double MEAN = 0.5;
    private static final double DEVIATION = 0.25;

    private final Xoshiro random;

    SyntheticPictures(final Xoshiro random) {
        this.random = random;
    }

    /**
     * Draws one.
     *
     * @param buffer   to draw into: FLOAT32, channels first, little-endian.
     * @param offset   of the first channel.
     * @param channels 1 or 3.
     * @param size     rows and columns.
     */
    void draw(final MutableDirectBuffer buffer, final int offset, final int channels, final int size) {
        final double[][] picture = new double[channels][size * size];
        background(picture, size);
        for (int i = 0; i < SHAPES; i++) {
            if (random.nextInt(2) == 0) {
                disc(picture, size);
            } else {
                bar(picture, size);
            }
        }
        int at = offset;
        for (final double[] channel : picture) {
            for (final double value : channel) {
                final double grained = Math.min(1.0, Math.max(0.0, value + GRAIN * random.nextNormal()));
                buffer.putFloat(at, (float) ((grained - MEAN) / DEVIATION), java.nio.ByteOrder.LITTLE_ENDIAN);
                at += Float.BYTES;
            }
        }
    }

    private void background(final double[][] picture, final int size) {
        final double slopeX = random.nextDouble() - 0.5;
        final double slopeY = random.nextDouble() - 0.5;
        for (final double[] channel : picture) {
            final double base = 0.3 + 0.4 * random.nextDouble();
            for (int y = 0; y < size; y++) {
                for (int x = 0; x < size; x++) {
                    channel[y * size + x] = base + slopeX * x / size + slopeY * y / size;
                }
            }
        }
    }

    private void disc(final double[][] picture, final int size) {
        final double centerX = random.nextDouble() * size;
        final double centerY = random.nextDouble() * size;
        final double radius = (0.08 + 0.2 * random.nextDouble()) * size;
        for (final double[] channel : picture) {
            final double colour = random.nextDouble();
            for (int y = 0; y < size; y++) {
                for (int x = 0; x < size; x++) {
                    final double dx = x - centerX;
                    final double dy = y - centerY;
                    if (dx * dx + dy * dy < radius * radius) {
                        channel[y * size + x] = colour;
                    }
                }
            }
        }
    }

    private void bar(final double[][] picture, final int size) {
        final int left = random.nextInt(size);
        final int top = random.nextInt(size);
        final int right = Math.min(size, left + 1 + random.nextInt(Math.max(1, size / 3)));
        final int bottom = Math.min(size, top + 1 + random.nextInt(Math.max(1, size / 3)));
        for (final double[] channel : picture) {
            final double colour = random.nextDouble();
            for (int y = top; y < bottom; y++) {
                for (int x = left; x < right; x++) {
                    channel[y * size + x] = colour;
                }
            }
        }
    }
}
