// Many numbers into one: softmax, layer norm, sums. A block for each row; blocks of 32 to 256 threads.
#include "cwcuda.h"

#define ROWS_MAX_THREADS 256

struct Rows {
    float* output;
    const float* input;
    const float* scale;
    const float* shift;
    int rows;
    int width;
    // row r starts at (r / inner) * outerStride + r % inner; its elements are stride apart
    int inner;
    int outerStride;
    int stride;
    float epsilon;
};

enum Many { MANY_SUM, MANY_MEAN, MANY_MAX, MANY_MIN };

CW_DEVICE float both(int what, float a, float b) {
    return what == MANY_MAX ? (a > b ? a : b) : what == MANY_MIN ? (a < b ? a : b) : a + b;
}

// every thread gets what the whole block's numbers make together
CW_DEVICE float whole(float* shared, int what, float mine) {
    shared[threadIdx.x] = mine;
    __syncthreads();
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        if ((int) threadIdx.x < half) {
            shared[threadIdx.x] = both(what, shared[threadIdx.x], shared[threadIdx.x + half]);
        }
        __syncthreads();
    }
    float result = shared[0];
    __syncthreads();
    return result;
}

extern "C" __global__ void softmax(const Rows p) {
    __shared__ float shared[ROWS_MAX_THREADS];
    for (int row = blockIdx.x; row < p.rows; row += gridDim.x) {
        size_t start = (size_t) (row / p.inner) * p.outerStride + row % p.inner;
        float largest = -3.402823466e+38f;
        for (int i = threadIdx.x; i < p.width; i += blockDim.x) {
            float x = p.input[start + (size_t) i * p.stride];
            largest = x > largest ? x : largest;
        }
        largest = whole(shared, MANY_MAX, largest);
        float sum = 0.0f;
        for (int i = threadIdx.x; i < p.width; i += blockDim.x) {
            sum += cwExp(p.input[start + (size_t) i * p.stride] - largest);
        }
        sum = whole(shared, MANY_SUM, sum);
        for (int i = threadIdx.x; i < p.width; i += blockDim.x) {
            size_t at = start + (size_t) i * p.stride;
            p.output[at] = cwExp(p.input[at] - largest) / sum;
        }
    }
}

extern "C" __global__ void layer_norm(const Rows p) {
    __shared__ float shared[ROWS_MAX_THREADS];
    for (int row = blockIdx.x; row < p.rows; row += gridDim.x) {
        const float* x = p.input + (size_t) row * p.width;
        float sum = 0.0f;
        for (int i = threadIdx.x; i < p.width; i += blockDim.x) {
            sum += x[i];
        }
        float mean = whole(shared, MANY_SUM, sum) / (float) p.width;
        float squares = 0.0f;
        for (int i = threadIdx.x; i < p.width; i += blockDim.x) {
            float apart = x[i] - mean;
            squares += apart * apart;
        }
        float factor = 1.0f / cwSqrt(whole(shared, MANY_SUM, squares) / (float) p.width + p.epsilon);
        for (int i = threadIdx.x; i < p.width; i += blockDim.x) {
            p.output[(size_t) row * p.width + i] = (x[i] - mean) * factor * p.scale[i] + p.shift[i];
        }
    }
}

#define REDUCE_RANK 6

struct Reduce {
    float* output;
    const float* input;
    int what;
    // numbers of the output, in their order
    int rows;
    int keptRank;
    int goneRank;
    int width;
    int unused;
    int keptDims[REDUCE_RANK];
    int keptStrides[REDUCE_RANK];
    int goneDims[REDUCE_RANK];
    int goneStrides[REDUCE_RANK];
};

CW_DEVICE size_t place(int index, int rank, const int* dims, const int* strides) {
    size_t at = 0;
    for (int axis = rank - 1; axis >= 0; axis--) {
        int next = index / dims[axis];
        at += (size_t) (index - next * dims[axis]) * strides[axis];
        index = next;
    }
    return at;
}

extern "C" __global__ void reduce(const Reduce p) {
    __shared__ float shared[ROWS_MAX_THREADS];
    for (int row = blockIdx.x; row < p.rows; row += gridDim.x) {
        const float* x = p.input + place(row, p.keptRank, p.keptDims, p.keptStrides);
        float mine = p.what == MANY_MAX ? -3.402823466e+38f : p.what == MANY_MIN ? 3.402823466e+38f : 0.0f;
        for (int i = threadIdx.x; i < p.width; i += blockDim.x) {
            mine = both(p.what, mine, x[place(i, p.goneRank, p.goneDims, p.goneStrides)]);
        }
        float all = whole(shared, p.what, mine);
        if (threadIdx.x == 0) {
            p.output[row] = p.what == MANY_MEAN ? all / (float) p.width : all;
        }
    }
}
