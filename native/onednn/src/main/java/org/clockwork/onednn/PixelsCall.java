package org.clockwork.onednn;

import org.agrona.UnsafeApi;
import org.clockwork.compiler.View;
import org.clockwork.device.ElementType;

/** The bytes of images as numbers, each channel scaled and shifted. Used by the executing thread. */
final class PixelsCall implements Call {
    private static final int ROUNDING = 0x7FFF;
    private final long factorOffset;
    private final long shiftOffset;
    private final long input;
    private final long output;
    private final int images;
    private final int pixels;
    private final int pixelStride;
    private final int channelStride;
    private final boolean isHalf;
    private final float[] factors;
    private final float[] shifts;

    /**
     * Writes images with channels last.
     *
     * @param from   view of the bytes: whole images, pixels or channels one after the other.
     * @param to     type of what is written.
     * @param factor offset of the factors in the weights.
     * @param shift  offset of the shifts in the weights.
     */
    PixelsCall(final View from, final long input, final ElementType to, final long output, final long factor, final long shift) {
        this.input = input;
        this.output = output;
        factorOffset = factor;
        shiftOffset = shift;
        images = Math.toIntExact(from.dims()[0]);
        pixels = Math.toIntExact(from.dims()[2] * from.dims()[3]);
        factors = new float[Math.toIntExact(from.dims()[1])];
        shifts = new float[factors.length];
        final boolean isChannelsLast = from.isChannelsLast();
        if (!isChannelsLast && !from.isPlain() || to != ElementType.FLOAT32 && to != ElementType.BFLOAT16) {
            throw new UnsupportedOperationException("pixels in this order or of this type: " + from + ' ' + to);
        }
        pixelStride = isChannelsLast ? factors.length : 1;
        channelStride = isChannelsLast ? 1 : pixels;
        isHalf = to == ElementType.BFLOAT16;
        Math.multiplyExact(Math.multiplyExact(images, pixels), factors.length * Float.BYTES);
    }

    @Override
    public void run() {
        final int channels = factors.length;
        final long imageBytes = (long) pixels * channels;
        final int width = isHalf ? Short.BYTES : Float.BYTES;
        for (int image = 0; image < images; image++) {
            for (int channel = 0; channel < channels; channel++) {
                final long from = input + image * imageBytes + (long) channel * channelStride;
                final long to = output + (image * imageBytes + channel) * width;
                if (isHalf) {
                    halves(from, to, channel, channels * Short.BYTES);
                } else {
                    floats(from, to, channel, channels * Float.BYTES);
                }
            }
        }
    }

    private void floats(final long from, final long to, final int channel, final int step) {
        final float factor = factors[channel];
        final float shift = shifts[channel];
        for (int i = 0; i < pixels; i++) {
            final float value = (UnsafeApi.getByte(from + (long) i * pixelStride) & 0xFF) * factor + shift;
            UnsafeApi.putFloat(to + (long) i * step, value);
        }
    }

    private void halves(final long from, final long to, final int channel, final int step) {
        final float factor = factors[channel];
        final float shift = shifts[channel];
        for (int i = 0; i < pixels; i++) {
            final float value = (UnsafeApi.getByte(from + (long) i * pixelStride) & 0xFF) * factor + shift;
            final int bits = Float.floatToRawIntBits(value);
            UnsafeApi.putShort(to + (long) i * step, (short) (bits + ROUNDING + (bits >>> 16 & 1) >>> 16));
        }
    }

    @Override
    public void bind(final long weights) {
        for (int c = 0; c < factors.length; c++) {
            factors[c] = UnsafeApi.getFloat(weights + factorOffset + (long) c * Float.BYTES);
            shifts[c] = UnsafeApi.getFloat(weights + shiftOffset + (long) c * Float.BYTES);
        }
    }

    @Override
    public String description() {
        return "pixels:java";
    }

    @Override
    public void close() {
        // owns nothing
        return;
    }
}
