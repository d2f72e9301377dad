/**
 * The device port: what a worker asks of any device, be it a GPU, this machine's processor or an emulation.
 *
 * <p>A {@link org.clockwork.device.Backend} owns one or more {@link org.clockwork.device.Device}s of one kind and
 * compiles model files for them. A device has two engines that run beside each other: one for LOAD and UNLOAD, one for
 * INFER. Operations are started and polled; nothing blocks the calling agent. A device never chooses: it runs what it
 * is given, in the order it is given, one execution at a time.
 */
package org.clockwork.device;
