package org.clockwork.client;

import org.clockwork.schema.codec.DataType;

/**
 * One input or output of a model.
 *
 * @param name  as in the model file.
 * @param type  element type.
 * @param bytes size for one request.
 * @param shape dimensions for one request without the batch, such as {@code 3x224x224}.
 */
public record TensorInfo(String name, DataType type, int bytes, String shape) {
}
