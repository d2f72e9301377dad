// Functions of elements, alone or in chains, with repetition by strides of 0; and with the empty chain every copy:
// transposition, concatenation, slices, repetition of pixels.
#include "chain.h"

#define MAP_RANK 6

enum Pair { PAIR_ADD, PAIR_SUB, PAIR_MUL, PAIR_DIV, PAIR_MAX, PAIR_MIN, PAIR_NONE };

struct Map {
    float* output;
    const float* first;
    const float* second;
    int elements;
    int rank;
    int pair;
    int unused;
    int dims[MAP_RANK];
    int outputStrides[MAP_RANK];
    int firstStrides[MAP_RANK];
    int secondStrides[MAP_RANK];
    Chain chain;
};

CW_DEVICE float paired(int pair, float a, float b) {
    switch (pair) {
        case PAIR_ADD:
            return a + b;
        case PAIR_SUB:
            return a - b;
        case PAIR_MUL:
            return a * b;
        case PAIR_DIV:
            return a / b;
        case PAIR_MAX:
            return a > b ? a : b;
        case PAIR_MIN:
            return a < b ? a : b;
        default:
            return a;
    }
}

extern "C" __global__ void map(const Map p) {
    CW_EACH(i, p.elements) {
        int outputAt = 0;
        int firstAt = 0;
        int secondAt = 0;
        int rest = i;
        for (int axis = p.rank - 1; axis > 0; axis--) {
            int next = rest / p.dims[axis];
            int at = rest - next * p.dims[axis];
            outputAt += at * p.outputStrides[axis];
            firstAt += at * p.firstStrides[axis];
            secondAt += at * p.secondStrides[axis];
            rest = next;
        }
        outputAt += rest * p.outputStrides[0];
        firstAt += rest * p.firstStrides[0];
        secondAt += rest * p.secondStrides[0];
        float value = p.first[firstAt];
        if (p.pair != PAIR_NONE) {
            value = paired(p.pair, value, p.second[secondAt]);
        }
        p.output[outputAt] = chained(p.chain, value, outputAt, secondAt);
    }
}

struct Transpose {
    float* output;
    const float* input;
    int rows;
    int columns;
    // from one matrix to the next, in both
    int matrix;
    int unused;
};

// matrices of rows x columns become columns x rows; block of 32 x 8
extern "C" __global__ void transpose(const Transpose p) {
    __shared__ float tile[32 * 33];
    const float* input = p.input + (size_t) blockIdx.z * p.matrix;
    float* output = p.output + (size_t) blockIdx.z * p.matrix;
    int column = blockIdx.x * 32 + threadIdx.x;
    for (int k = threadIdx.y; k < 32; k += blockDim.y) {
        int row = blockIdx.y * 32 + k;
        if (row < p.rows && column < p.columns) {
            tile[k * 33 + threadIdx.x] = input[(size_t) row * p.columns + column];
        }
    }
    __syncthreads();
    int row = blockIdx.y * 32 + threadIdx.x;
    for (int k = threadIdx.y; k < 32; k += blockDim.y) {
        int at = blockIdx.x * 32 + k;
        if (row < p.rows && at < p.columns) {
            output[(size_t) at * p.rows + row] = tile[threadIdx.x * 33 + k];
        }
    }
}
