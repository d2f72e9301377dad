package org.clockwork.model.zoo;

import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;

/** The part of a net that turns an image into many small ones, on which different ends are put. */
@FunctionalInterface
interface Backbone {
    /** Adds the layers after {@code image}. */
    Value features(Net net, Value image);
}
