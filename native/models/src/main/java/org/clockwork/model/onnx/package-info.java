/**
 * A small writer of ONNX files with made-up weights.
 *
 * <p>{@link org.clockwork.model.onnx.Net} builds a graph layer by layer and keeps an estimate of the mean and the mean square
 * of each value on its way, so that the weights of the next layer can be scaled to it: activations neither vanish nor
 * explode, whatever the architecture. Nothing of the weights exists until the file is written; then they are generated
 * tensor by tensor, so that a file of any size needs little memory. The same seed gives the same file, byte for byte.
 */
package org.clockwork.model.onnx;
