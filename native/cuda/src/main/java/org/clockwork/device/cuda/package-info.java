/**
 * The CUDA device: the driver API through JCuda, one stream per engine, cuDNN, cuBLAS and our own kernels. The only package
 * that imports jcuda.
 */
package org.clockwork.device.cuda;
