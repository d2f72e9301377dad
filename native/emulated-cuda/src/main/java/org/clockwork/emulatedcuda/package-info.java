/**
 * Stand-ins for libcuda, libcudnn and libcublas that run on the host under the unmodified JCuda jars, so that the CUDA
 * device is proven without a GPU. An optional artifact: nothing that serves depends on it.
 */
package org.clockwork.emulatedcuda;
