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
    // poolings: whether zeros of the padding count
    int isPaddingCounted;
    // 1: added to what is there
    int isAccumulated;
};

// Where an element of the output is.
struct Position {
    int image, row, column, channel;
};

CW_DEVICE int elements(const Window& p) {
    return p.batch * p.outRows * p.outColumns * p.outChannels;
}

CW_DEVICE Position position(const Window& p, int i) {
    int pixel = i / p.outChannels;
    int line = pixel / p.outColumns;
    int image = line / p.outRows;
    return {image, line - image * p.outRows, pixel - line * p.outColumns, i - pixel * p.outChannels};
}

// The channels of a pixel of the input.
CW_DEVICE const float* inputAt(const Window& p, int image, int row, int column) {
    return p.input + ((size_t) (image * p.rows + row) * p.columns + column) * p.channels;
}

// Those pixels of the input that are below the window of a place: visit(their channels, number of the place in the window).
template <typename Visit>
CW_DEVICE void eachBelow(const Window& p, const Position& at, Visit visit) {
    for (int kr = 0; kr < p.kernelRows; kr++) {
        int row = at.row * p.strideRows - p.padRows + kr * p.dilationRows;
        for (int kc = 0; kc < p.kernelColumns && row >= 0 && row < p.rows; kc++) {
            int column = at.column * p.strideColumns - p.padColumns + kc * p.dilationColumns;
            if (column >= 0 && column < p.columns) {
                visit(inputAt(p, at.image, row, column), kr * p.kernelColumns + kc);
            }
        }
    }
}

CW_DEVICE void store(const Window& p, int i, float sum) {
    p.output[i] = p.isAccumulated ? p.output[i] + sum : sum;
}

// filters: out x rows x columns x (in of the group)
extern "C" __global__ void conv_direct(const Window p) {
    int inGroup = p.channels / p.groups;
    int outGroup = p.outChannels / p.groups;
    int window = p.kernelRows * p.kernelColumns;
    CW_EACH(i, elements(p)) {
        Position at = position(p, i);
        int first = at.channel / outGroup * inGroup;
        const float* filter = p.filters + (size_t) at.channel * window * inGroup;
        float sum = 0.0f;
        eachBelow(p, at, [&](const float* x, int k) {
            for (int channel = 0; channel < inGroup; channel++) {
                sum += x[first + channel] * filter[k * inGroup + channel];
            }
        });
        store(p, i, sum);
    }
}

// one input channel to each output channel; filters: rows x columns x channels
extern "C" __global__ void conv_depthwise(const Window p) {
    CW_EACH(i, elements(p)) {
        Position at = position(p, i);
        float sum = 0.0f;
        eachBelow(p, at, [&](const float* x, int k) { sum += x[at.channel] * p.filters[k * p.channels + at.channel]; });
        store(p, i, sum);
    }
}

// The second half of a transposed convolution: the first is a product that makes, for each pixel of the input, one
// column of (group, kernel row, kernel column, channel of the group). Each pixel of the output sums up what meets there.
extern "C" __global__ void conv_transposed(const Window p) {
    int outGroup = p.outChannels / p.groups;
    int width = p.kernelRows * p.kernelColumns * p.outChannels;
    CW_EACH(i, elements(p)) {
        Position at = position(p, i);
        int group = at.channel / outGroup;
        float sum = 0.0f;
        for (int kr = 0; kr < p.kernelRows; kr++) {
            int r = at.row + p.padRows - kr * p.dilationRows;
            if (r < 0 || r % p.strideRows != 0 || r / p.strideRows >= p.rows) {
                continue;
            }
            for (int kc = 0; kc < p.kernelColumns; kc++) {
                int c = at.column + p.padColumns - kc * p.dilationColumns;
                if (c < 0 || c % p.strideColumns != 0 || c / p.strideColumns >= p.columns) {
                    continue;
                }
                size_t pixel = (size_t) (at.image * p.rows + r / p.strideRows) * p.columns + c / p.strideColumns;
                int k = (group * p.kernelRows + kr) * p.kernelColumns + kc;
                sum += p.input[pixel * width + k * outGroup + at.channel - group * outGroup];
            }
        }
        store(p, i, sum);
    }
}

// zeros around an image
extern "C" __global__ void pad_image(const Window p) {
    CW_EACH(i, elements(p)) {
        Position at = position(p, i);
        int row = at.row - p.padRows;
        int column = at.column - p.padColumns;
        bool isInside = row >= 0 && row < p.rows && column >= 0 && column < p.columns;
        p.output[i] = isInside ? inputAt(p, at.image, row, column)[at.channel] : 0.0f;
    }
}

extern "C" __global__ void pool_max(const Window p) {
    CW_EACH(i, elements(p)) {
        Position at = position(p, i);
        float best = -3.402823466e+38f;
        eachBelow(p, at, [&](const float* x, int) { best = x[at.channel] > best ? x[at.channel] : best; });
        p.output[i] = best;
    }
}

extern "C" __global__ void pool_mean(const Window p) {
    CW_EACH(i, elements(p)) {
        Position at = position(p, i);
        float sum = 0.0f;
        int count = 0;
        eachBelow(p, at, [&](const float* x, int) {
            sum += x[at.channel];
            count++;
        });
        p.output[i] = sum / (float) (p.isPaddingCounted ? p.kernelRows * p.kernelColumns : count);
    }
}

struct Pixels {
    float* output;
    const unsigned char* input;
    // for each channel
    const float* factors;
    const float* shifts;
    int elements;
    int channels;
    // pixels of an image
    int plane;
    // whether the channels of the input, and not its pixels, lie one after the other
    int isPlanar;
};

// bytes become floats with channels innermost: factor x + shift
extern "C" __global__ void pixels(const Pixels p) {
    CW_EACH(i, p.elements) {
        int pixel = i / p.channels;
        int channel = i - pixel * p.channels;
        int image = pixel / p.plane;
        int from = p.isPlanar ? (image * p.channels + channel) * p.plane + pixel - image * p.plane : i;
        p.output[i] = p.factors[channel] * (float) p.input[from] + p.shifts[channel];
    }
}
