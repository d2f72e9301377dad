package org.clockwork.model.zoo;

import org.clockwork.model.onnx.Conv;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/** Groups of layers that many families share. */
final class Layers {
    private Layers() {
    }

    /** Convolution, batch normalisation. */
    static Value convBn(final Net net, final Value x, final Conv conv) {
        return net.batchNorm(net.conv(x, conv));
    }

    /** Convolution, batch normalisation, ReLU. */
    static Value convBnRelu(final Net net, final Value x, final Conv conv) {
        return net.relu(convBn(net, x, conv));
    }

    /** Batch normalisation, ReLU, convolution. */
    static Value bnReluConv(final Net net, final Value x, final Conv conv) {
        return net.conv(net.relu(net.batchNorm(x)), conv);
    }

    /** Mean over the image, then a dense layer with bias: the end of a classifier, named {@code output}. */
    static void classify(final Net net, final Value x, final int classes) {
        net.output("output", net.dense(net.globalAvgPool(x), classes, true));
    }

    /** The three channels of a square image. */
    static Value image(final Net net, final int size) {
        return net.input("input", 3, size, size);
    }
}
