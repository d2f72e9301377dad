package org.clockwork.model.onnx;

/**
 * Geometry of a convolution.
 *
 * @param channels channels out.
 * @param kernelH  rows of the kernel.
 * @param kernelW  columns of the kernel.
 * @param stride   step in both directions.
 * @param padH     zeros above and below.
 * @param padW     zeros left and right.
 * @param groups   channels are split into so many groups.
 * @param hasBias  whether there is one.
 * @param dilation distance of the kernel's elements.
 */
public record Conv(int channels, int kernelH, int kernelW, int stride, int padH, int padW, int groups, boolean hasBias,
    int dilation) {
    /** A square kernel with so much padding that an odd kernel keeps the size; no bias. */
    public static Conv of(final int channels, final int kernel) {
        return of(channels, kernel, kernel);
    }

    /** A kernel with so much padding that an odd kernel keeps the size; no bias. */
    public static Conv of(final int channels, final int kernelH, final int kernelW) {
        return new Conv(channels, kernelH, kernelW, 1, (kernelH - 1) / 2, (kernelW - 1) / 2, 1, false, 1);
    }

    /** With a step. */
    public Conv stride(final int step) {
        return new Conv(channels, kernelH, kernelW, step, padH, padW, groups, hasBias, dilation);
    }

    /** With other padding. */
    public Conv pad(final int padding) {
        return new Conv(channels, kernelH, kernelW, stride, padding, padding, groups, hasBias, dilation);
    }

    /** With groups. */
    public Conv groups(final int count) {
        return new Conv(channels, kernelH, kernelW, stride, padH, padW, count, hasBias, dilation);
    }

    /** With a bias. */
    public Conv bias() {
        return new Conv(channels, kernelH, kernelW, stride, padH, padW, groups, true, dilation);
    }

    int outHeight(final int height) {
        return out(height, kernelH, padH);
    }

    int outWidth(final int width) {
        return out(width, kernelW, padW);
    }

    /** Share of the kernel's elements that lie on the image and not on its padding, averaged over all positions. */
    double coverage(final int height, final int width) {
        return coverage(height, outHeight(height), kernelH, padH) * coverage(width, outWidth(width), kernelW, padW);
    }

    private int out(final int size, final int kernel, final int pad) {
        return (size + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    }

    private double coverage(final int size, final int out, final int kernel, final int pad) {
        long inside = 0;
        for (int position = 0; position < out; position++) {
            for (int tap = 0; tap < kernel; tap++) {
                final int at = position * stride + tap * dilation - pad;
                inside += at >= 0 && at < size ? 1 : 0;
            }
        }
        return (double) inside / ((long) out * kernel);
    }
}
