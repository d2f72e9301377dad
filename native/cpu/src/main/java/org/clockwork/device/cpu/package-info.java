/**
 * This machine's processor as a device: ONNX Runtime executes, the weights lie in pages of our own.
 *
 * <p>A model is optimised once, when it is compiled, and kept as a small skeleton and a blob of weights. LOAD gathers
 * free pages behind one address range, copies the blob there and makes a session whose initializers are those bytes;
 * nothing is copied or transformed again. UNLOAD closes the session and gives the pages back.
 */
package org.clockwork.device.cpu;
