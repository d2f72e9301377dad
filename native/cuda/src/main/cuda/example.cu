// Two small kernels that exercise the machinery around kernels (PTX, host build, checks); no plan uses them.
#include "cwcuda.h"

// c[i] = a[i] + b[i]
extern "C" __global__ void __launch_bounds__(256) exampleAdd(
        const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        c[i] = a[i] + b[i];
    }
}

// y[row] = the sum of row `blockIdx.x` of x, by shuffles in each warp and shared memory between them.
extern "C" __global__ void __launch_bounds__(256) exampleRowSum(const float* __restrict__ x, float* __restrict__ y, int columns) {
    __shared__ float warps[8];
    float sum = 0.0f;
    for (int j = threadIdx.x; j < columns; j += blockDim.x) {
        sum += x[(size_t) blockIdx.x * columns + j];
    }
    for (int by = 16; by > 0; by /= 2) {
        sum += __shfl_xor_sync(0xffffffffu, sum, by);
    }
    if (threadIdx.x % 32 == 0) {
        warps[threadIdx.x / 32] = sum;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        float total = 0.0f;
        for (unsigned w = 0; w < blockDim.x / 32; w++) {
            total += warps[w];
        }
        y[blockIdx.x] = total;
    }
}

// y[i] = one of the elementary functions of cwcuda.h of x[i]
extern "C" __global__ void __launch_bounds__(256) exampleFunction(const float* __restrict__ x, float* __restrict__ y, int n, int function) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) {
        return;
    }
    const float v = x[i];
    switch (function) {
        case 0: y[i] = cwExp(v); break;
        case 1: y[i] = cwLog(v); break;
        case 2: y[i] = cwTanh(v); break;
        case 3: y[i] = cwErf(v); break;
        case 4: y[i] = cwSigmoid(v); break;
        case 5: y[i] = cwHalfToFloat(cwFloatToHalf(v)); break;
        default: y[i] = cwPow(v, 3.0f); break;
    }
}
