// What convolutions and poolings need beside cuDNN: images with channels innermost.
#include "cwcuda.h"

struct Window {
    float* output;
    const float* input;
    const float* filters;
    int batch, rows, columns, channels;
    int outRows, outColumns, outChannels;
    int kernelRows, kernelColumns;
    int strideRows, strideColumns;
    int padRows, padColumns;
    int dilationRows, dilationColumns;
    int groups;
    // poolings: whether zeros of the padding count, and rows and columns of the image with its padding
    int isPaddingCounted;
    int paddedRows, paddedColumns;
    // 1: added to what is there
    int isAccumulated;
};

// filters: out x rows x columns x (in of the group)
extern "C" __global__ void conv_direct(const Window p) {
    int elements = p.batch * p.outRows * p.outColumns * p.outChannels;
    int inGroup = p.channels / p.groups;
    int outGroup = p.outChannels / p.groups;
    int step = gridDim.x * blockDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < elements; i += step) {
        int k = i % p.outChannels;
        int rest = i / p.outChannels;
        int column = rest % p.outColumns;
        rest /= p.outColumns;
        int row = rest % p.outRows;
        int n = rest / p.outRows;
        int first = k / outGroup * inGroup;
        float sum = 0.0f;
        for (int kr = 0; kr < p.kernelRows; kr++) {
            int r = row * p.strideRows - p.padRows + kr * p.dilationRows;
            if (r < 0 || r >= p.rows) {
                continue;
            }
            for (int kc = 0; kc < p.kernelColumns; kc++) {
                int c = column * p.strideColumns - p.padColumns + kc * p.dilationColumns;
                if (c < 0 || c >= p.columns) {
                    continue;
                }
                const float* x = p.input + ((size_t) (n * p.rows + r) * p.columns + c) * p.channels + first;
                const float* w = p.filters + ((size_t) (k * p.kernelRows + kr) * p.kernelColumns + kc) * inGroup;
                for (int ch = 0; ch < inGroup; ch++) {
                    sum += x[ch] * w[ch];
                }
            }
        }
        p.output[i] = p.isAccumulated ? p.output[i] + sum : sum;
    }
}

// one input channel to each output channel; filters: rows x columns x channels
extern "C" __global__ void conv_depthwise(const Window p) {
    int elements = p.batch * p.outRows * p.outColumns * p.outChannels;
    int step = gridDim.x * blockDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < elements; i += step) {
        int k = i % p.channels;
        int rest = i / p.channels;
        int column = rest % p.outColumns;
        rest /= p.outColumns;
        int row = rest % p.outRows;
        int n = rest / p.outRows;
        float sum = 0.0f;
        for (int kr = 0; kr < p.kernelRows; kr++) {
            int r = row * p.strideRows - p.padRows + kr * p.dilationRows;
            if (r < 0 || r >= p.rows) {
                continue;
            }
            for (int kc = 0; kc < p.kernelColumns; kc++) {
                int c = column * p.strideColumns - p.padColumns + kc * p.dilationColumns;
                if (c >= 0 && c < p.columns) {
                    sum += p.input[((size_t) (n * p.rows + r) * p.columns + c) * p.channels + k]
                        * p.filters[(kr * p.kernelColumns + kc) * p.channels + k];
                }
            }
        }
        p.output[i] = p.isAccumulated ? p.output[i] + sum : sum;
    }
}

// The second half of a transposed convolution: the first is a product that makes, for each pixel of the input, one
// column of (group, kernel row, kernel column, channel of the group). Each pixel of the output sums up what meets there.
extern "C" __global__ void conv_transposed(const Window p) {
    int elements = p.batch * p.outRows * p.outColumns * p.outChannels;
    int outGroup = p.outChannels / p.groups;
    int width = p.kernelRows * p.kernelColumns * p.outChannels;
    int step = gridDim.x * blockDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < elements; i += step) {
        int k = i % p.outChannels;
        int rest = i / p.outChannels;
        int column = rest % p.outColumns;
        rest /= p.outColumns;
        int row = rest % p.outRows;
        int n = rest / p.outRows;
        int group = k / outGroup;
        float sum = 0.0f;
        for (int kr = 0; kr < p.kernelRows; kr++) {
            int r = row + p.padRows - kr * p.dilationRows;
            if (r < 0 || r % p.strideRows != 0 || r / p.strideRows >= p.rows) {
                continue;
            }
            for (int kc = 0; kc < p.kernelColumns; kc++) {
                int c = column + p.padColumns - kc * p.dilationColumns;
                if (c < 0 || c % p.strideColumns != 0 || c / p.strideColumns >= p.columns) {
                    continue;
                }
                size_t pixel = (size_t) (n * p.rows + r / p.strideRows) * p.columns + c / p.strideColumns;
                sum += p.input[pixel * width + ((group * p.kernelRows + kr) * p.kernelColumns + kc) * outGroup + k - group * outGroup];
            }
        }
        p.output[i] = p.isAccumulated ? p.output[i] + sum : sum;
    }
}

// zeros around an image
extern "C" __global__ void pad_image(const Window p) {
    int elements = p.batch * p.outRows * p.outColumns * p.channels;
    int step = gridDim.x * blockDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < elements; i += step) {
        int k = i % p.channels;
        int rest = i / p.channels;
        int c = rest % p.outColumns - p.padColumns;
        rest /= p.outColumns;
        int r = rest % p.outRows - p.padRows;
        int n = rest / p.outRows;
        bool isInside = r >= 0 && r < p.rows && c >= 0 && c < p.columns;
        p.output[i] = isInside ? p.input[((size_t) (n * p.rows + r) * p.columns + c) * p.channels + k] : 0.0f;
    }
}

CW_DEVICE float pooled(const Window& p, int i, bool isMax) {
    int k = i % p.channels;
    int rest = i / p.channels;
    int column = rest % p.outColumns;
    rest /= p.outColumns;
    int row = rest % p.outRows;
    int n = rest / p.outRows;
    int r0 = row * p.strideRows - p.padRows;
    int c0 = column * p.strideColumns - p.padColumns;
    int r1 = r0 + p.kernelRows < p.rows ? r0 + p.kernelRows : p.rows;
    int c1 = c0 + p.kernelColumns < p.columns ? c0 + p.kernelColumns : p.columns;
    int counted = p.kernelRows * p.kernelColumns;
    r0 = r0 < 0 ? 0 : r0;
    c0 = c0 < 0 ? 0 : c0;
    float best = -3.402823466e+38f;
    float sum = 0.0f;
    for (int r = r0; r < r1; r++) {
        for (int c = c0; c < c1; c++) {
            float x = p.input[((size_t) (n * p.rows + r) * p.columns + c) * p.channels + k];
            best = x > best ? x : best;
            sum += x;
        }
    }
    if (isMax) {
        return best;
    }
    return sum / (float) (p.isPaddingCounted ? counted : (r1 - r0) * (c1 - c0));
}

extern "C" __global__ void pool_max(const Window p) {
    int elements = p.batch * p.outRows * p.outColumns * p.channels;
    int step = gridDim.x * blockDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < elements; i += step) {
        p.output[i] = pooled(p, i, true);
    }
}

extern "C" __global__ void pool_mean(const Window p) {
    int elements = p.batch * p.outRows * p.outColumns * p.channels;
    int step = gridDim.x * blockDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < elements; i += step) {
        p.output[i] = pooled(p, i, false);
    }
}

struct Image8 {
    float* output;
    const unsigned char* input;
    int batch, rows, columns, channels;
    float scale[4];
    float shift[4];
};

// bytes with channels innermost become floats with channels outermost: scale x + shift, up to 4 channels
extern "C" __global__ void image8(const Image8 p) {
    int plane = p.rows * p.columns;
    int elements = p.batch * plane * p.channels;
    int step = gridDim.x * blockDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < elements; i += step) {
        int pixel = i % plane;
        int rest = i / plane;
        int k = rest % p.channels;
        int n = rest / p.channels;
        float x = (float) p.input[((size_t) n * plane + pixel) * p.channels + k];
        p.output[i] = p.scale[k] * x + p.shift[k];
    }
}
