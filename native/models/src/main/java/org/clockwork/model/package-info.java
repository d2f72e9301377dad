/** Where model files come from: made by a small ONNX writer, or found inside a package on the class path. */
package org.clockwork.model;
