/**
 * GPUs as devices: JCuda over the driver API, cuDNN for convolutions, cuBLAS for products of matrices, and kernels of our
 * own for the rest. It runs the plans of {@code org.clockwork.compiler}; no other package knows JCuda.
 */
package org.clockwork.device.cuda;
