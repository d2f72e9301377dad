// Convolutions: forward, forward with bias and activation, and backward to the data, which is the transposed convolution.
//
// All algorithms give the same numbers; they differ, as the real ones do, in what they refuse and in the workspace they need.
// The workspace is filled with NaN, so that two users of it at one time, or too small a one, show.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "../compute/convolve.h"
#include "dnn.h"

namespace cw::dnn {
namespace {

// Forward algorithms, in the order in which cudnnConvolutionFwdAlgo_t numbers them.
enum Forward { IMPLICIT_GEMM, IMPLICIT_PRECOMP_GEMM, GEMM, DIRECT, FFT, FFT_TILING, WINOGRAD, WINOGRAD_NONFUSED, FORWARD_COUNT };
// cudnnConvolutionBwdDataAlgo_t
enum Backward { BACKWARD_0, BACKWARD_1, BACKWARD_FFT, BACKWARD_FFT_TILING, BACKWARD_WINOGRAD, BACKWARD_WINOGRAD_NONFUSED, BACKWARD_COUNT };

// cudnnConvolutionFwdAlgoPerf_t, and that of backward data.
struct Performance {
    int algorithm;
    int status;
    float ms;
    size_t bytes;
    int determinism;
    int mathType;
    int reserved[3];
};

struct Shape {
    Tensor x;  // backward: dx
    Filter w;
    Convolution c;
    Tensor y;  // backward: dy
};

int outputSize(int input, int pad, int window, int dilation, int stride) {
    return 1 + (input + 2 * pad - ((window - 1) * dilation + 1)) / stride;
}

// Empty, or why the four don't fit.
const char* whatIsWrong(const Shape& s) {
    if (!s.x.isSet() || !s.y.isSet() || s.w.k == 0 || !s.c.isSet()) {
        return "a descriptor has not been set";
    }
    if (s.w.c * s.c.groups != s.x.c || s.w.k % s.c.groups != 0) {
        return "channels, groups and filter don't fit";
    }
    if (s.y.n != s.x.n || s.y.c != s.w.k || s.y.h != outputSize(s.x.h, s.c.padH, s.w.h, s.c.dilationH, s.c.strideH)
            || s.y.w != outputSize(s.x.w, s.c.padW, s.w.w, s.c.dilationW, s.c.strideW)) {
        return "the output's dimensions are not those of the convolution";
    }
    return "";
}

size_t transformBytes(const Shape& s, int tile) {
    const auto filters = static_cast<size_t>(s.w.k) * static_cast<size_t>(s.w.c);
    const auto tiles = static_cast<size_t>(s.y.h + 3) / 4 * (static_cast<size_t>(s.y.w + 3) / 4);
    return (filters + tiles * static_cast<size_t>(s.x.c + s.y.c)) * static_cast<size_t>(tile * tile) * 4;
}

// Can the algorithm do it, and with how much workspace?
int supports(int algorithm, const Shape& s, size_t* bytes) {
    const bool unit = s.c.strideH == 1 && s.c.strideW == 1 && s.c.dilationH == 1 && s.c.dilationW == 1;
    const bool dilated = s.c.dilationH != 1 || s.c.dilationW != 1;
    const size_t columns = static_cast<size_t>(s.w.c) * static_cast<size_t>(s.w.h) * static_cast<size_t>(s.w.w);
    *bytes = 0;
    if (s.c.mode != 1) {
        return NOT_SUPPORTED;  // only cross-correlation, which is what networks have
    }
    if (s.w.nhwc && !(s.x.isNhwc() && s.y.isNhwc() && (algorithm == IMPLICIT_GEMM || algorithm == IMPLICIT_PRECOMP_GEMM))) {
        return NOT_SUPPORTED;
    }
    switch (algorithm) {
        case IMPLICIT_GEMM:
            return SUCCESS;
        case IMPLICIT_PRECOMP_GEMM:
            *bytes = columns * 8 + 1024;
            return SUCCESS;
        case GEMM:
            *bytes = columns * static_cast<size_t>(s.y.h) * static_cast<size_t>(s.y.w) * 4;
            return s.c.groups == 1 && !dilated ? SUCCESS : NOT_SUPPORTED;
        case FFT:
            *bytes = transformBytes(s, 32);
            return unit && s.c.groups == 1 && s.x.isNchw() && s.x.h + 2 * s.c.padH <= 256 && s.x.w + 2 * s.c.padW <= 256
                && s.w.h > s.c.padH && s.w.w > s.c.padW ? SUCCESS : NOT_SUPPORTED;
        case FFT_TILING:
            *bytes = transformBytes(s, 16);
            return unit && s.c.groups == 1 && s.x.isNchw() && s.w.h <= 32 && s.w.w <= 32 && s.w.h > s.c.padH && s.w.w > s.c.padW
                ? SUCCESS : NOT_SUPPORTED;
        case WINOGRAD:
            *bytes = static_cast<size_t>(s.w.k) * static_cast<size_t>(s.w.c) * 64;
            return unit && s.w.h == 3 && s.w.w == 3 ? SUCCESS : NOT_SUPPORTED;
        case WINOGRAD_NONFUSED:
            *bytes = transformBytes(s, s.w.h == 5 ? 8 : 6);
            return unit && s.w.h == s.w.w && (s.w.h == 3 || s.w.h == 5) ? SUCCESS : NOT_SUPPORTED;
        default:
            return NOT_SUPPORTED;
    }
}

int supportsBackward(int algorithm, const Shape& s, size_t* bytes) {
    const bool unit = s.c.strideH == 1 && s.c.strideW == 1 && s.c.dilationH == 1 && s.c.dilationW == 1;
    *bytes = 0;
    if (s.c.mode != 1 || (s.w.nhwc && !(s.x.isNhwc() && s.y.isNhwc() && algorithm <= BACKWARD_1))) {
        return NOT_SUPPORTED;
    }
    switch (algorithm) {
        case BACKWARD_0:
            return SUCCESS;
        case BACKWARD_1:
            *bytes = static_cast<size_t>(s.w.elements()) * 4 + 1024;
            return SUCCESS;
        case BACKWARD_FFT:
        case BACKWARD_FFT_TILING:
            *bytes = transformBytes(s, 32);
            return unit && s.c.groups == 1 && s.x.isNchw() && s.w.h > s.c.padH && s.w.w > s.c.padW ? SUCCESS : NOT_SUPPORTED;
        case BACKWARD_WINOGRAD:
        case BACKWARD_WINOGRAD_NONFUSED:
            *bytes = transformBytes(s, 6);
            return unit && s.w.h == 3 && s.w.w == 3 ? SUCCESS : NOT_SUPPORTED;
        default:
            return NOT_SUPPORTED;
    }
}

using Support = int (*)(int algorithm, const Shape& s, size_t* bytes);

// What a heuristic or a measurement answers: those that work first, the ones with workspace before the others.
int rank(Support support, int number, const Shape& s, int requested, int* returned, Performance* results, bool measured) {
    std::vector<Performance> all;
    for (int algorithm = 0; algorithm < number; algorithm++) {
        Performance p{};
        p.algorithm = algorithm;
        p.status = support(algorithm, s, &p.bytes);
        p.ms = p.status != SUCCESS || !measured ? -1.0f : 1.0f + static_cast<float>(algorithm) * 0.1f;
        p.determinism = 1;
        p.mathType = s.c.mathType;
        if (p.status != SUCCESS) {
            p.bytes = 0;
        }
        all.push_back(p);
    }
    // Precomputed indices are what is mostly chosen.
    std::stable_sort(all.begin(), all.end(), [](const Performance& a, const Performance& b) {
        const auto order = [](const Performance& p) { return p.status != SUCCESS ? 100 : p.algorithm == 1 ? 0 : 1 + p.algorithm; };
        return order(a) < order(b);
    });
    *returned = std::min(requested, number);
    std::copy_n(all.begin(), *returned, results);
    return SUCCESS;
}

Plane planeOf(const Tensor& t) {
    return {t.n, t.c, t.h, t.w, t.sn, t.sc, t.sh, t.sw};
}

Window windowOf(const Shape& s) {
    return {s.w.k, s.w.c, s.w.h, s.w.w, s.w.nhwc, s.c.padH, s.c.padW, s.c.strideH, s.c.strideW, s.c.dilationH, s.c.dilationW, s.c.groups};
}

struct Pointers {
    const float* x;
    const float* w;
    float* y;
    void* workspace;
    size_t workspaceBytes;
};

// The ranges of a convolution, or why it is refused.
int prepare(const char* function, Support support, int algorithm, const Shape& s, const Pointers& p, bool backward,
        std::vector<Range>& ranges, size_t& scratch) {
    const char* const wrong = whatIsWrong(s);
    if (*wrong != 0) {
        return refuse(BAD_PARAM, function, wrong);
    }
    const int supported = support(algorithm, s, &scratch);
    if (supported != SUCCESS) {
        return supported;
    }
    if (scratch > p.workspaceBytes || (scratch > 0 && p.workspace == nullptr)) {
        return refuse(BAD_PARAM, function, "the workspace is smaller than the algorithm needs");
    }
    if (scratch > 0 && reinterpret_cast<uintptr_t>(p.workspace) % 16 != 0) {
        return refuse(BAD_PARAM_MISALIGNED_POINTER, function, "the workspace is not aligned to 16 bytes");
    }
    ranges.push_back(rangeOf(backward ? s.y : s.x, p.x, false, "input"));
    ranges.push_back({p.w, static_cast<size_t>(s.w.elements()) * 4, false, "filter"});
    ranges.push_back(rangeOf(backward ? s.x : s.y, p.y, true, "output"));
    if (scratch > 0) {
        ranges.push_back({p.workspace, scratch, true, "workspace"});
    }
    return SUCCESS;
}

void scribble(void* at, size_t bytes) {
    std::memset(at, 0xff, bytes);
}

}  // namespace
}  // namespace cw::dnn

using namespace cw;
using namespace cw::dnn;

#define SHAPE(xDescriptor, wDescriptor, cDescriptor, yDescriptor) \
    FIND(xd, tensors, xDescriptor); \
    FIND(wd, filters, wDescriptor); \
    FIND(cd, convolutions, cDescriptor); \
    FIND(yd, tensors, yDescriptor); \
    const Shape shape{*xd, *wd, *cd, *yd}

DNN cudnnGetConvolution2dForwardOutputDim(void* c, void* x, void* w, int* n, int* k, int* h, int* width) {
    static Function& thisFunction = function(__func__);
    if (const int injected = enter(thisFunction); injected != 0) {
        return injected;
    }
    FIND(cd, convolutions, c);
    FIND(xd, tensors, x);
    FIND(wd, filters, w);
    BAD_UNLESS(wd->c * cd->groups == xd->c, "channels, groups and filter don't fit");
    *n = xd->n;
    *k = wd->k;
    *h = outputSize(xd->h, cd->padH, wd->h, cd->dilationH, cd->strideH);
    *width = outputSize(xd->w, cd->padW, wd->w, cd->dilationW, cd->strideW);
    BAD_UNLESS(*h > 0 && *width > 0, "the output has no element");
    return SUCCESS;
}

DNN cudnnGetConvolutionForwardAlgorithmMaxCount(void*, int* number) {
    *number = FORWARD_COUNT;
    return SUCCESS;
}

DNN cudnnGetConvolutionBackwardDataAlgorithmMaxCount(void*, int* number) {
    *number = BACKWARD_COUNT;
    return SUCCESS;
}

DNN cudnnGetConvolutionForwardAlgorithm_v7(void* h, void* x, void* w, void* c, void* y, int requested, int* returned, Performance* results) {
    ENTER_DNN();
    HANDLE(handle, h);
    SHAPE(x, w, c, y);
    BAD_UNLESS(requested > 0 && *whatIsWrong(shape) == 0, "the descriptors don't fit");
    return rank(supports, FORWARD_COUNT, shape, requested, returned, results, false);
}

DNN cudnnFindConvolutionForwardAlgorithm(void* h, void* x, void* w, void* c, void* y, int requested, int* returned, Performance* results) {
    ENTER_DNN();
    HANDLE(handle, h);
    SHAPE(x, w, c, y);
    BAD_UNLESS(requested > 0 && *whatIsWrong(shape) == 0, "the descriptors don't fit");
    return rank(supports, FORWARD_COUNT, shape, requested, returned, results, true);
}

DNN cudnnFindConvolutionForwardAlgorithmEx(void* h, void* x, const void*, void* w, const void*, void* c, void* y, void*, int requested,
        int* returned, Performance* results, void*, size_t) {
    return cudnnFindConvolutionForwardAlgorithm(h, x, w, c, y, requested, returned, results);
}

DNN cudnnGetConvolutionForwardWorkspaceSize(void* h, void* x, void* w, void* c, void* y, int algorithm, size_t* bytes) {
    ENTER_DNN();
    HANDLE(handle, h);
    SHAPE(x, w, c, y);
    BAD_UNLESS(*whatIsWrong(shape) == 0, "the descriptors don't fit");
    return supports(algorithm, shape, bytes);
}

DNN cudnnConvolutionForward(void* h, const float* alpha, void* x, const float* xData, void* w, const float* wData, void* c, int algorithm,
        void* workspace, size_t workspaceBytes, const float* beta, void* y, float* yData) {
    ENTER_DNN();
    HANDLE(handle, h);
    SHAPE(x, w, c, y);
    POINTER(xData);
    POINTER(wData);
    POINTER(yData);
    POINTER(alpha);
    POINTER(beta);
    std::vector<Range> ranges;
    size_t scratch = 0;
    const int r = prepare(__func__, supports, algorithm, shape, {xData, wData, yData, workspace, workspaceBytes}, false, ranges, scratch);
    if (r != SUCCESS) {
        return r;
    }
    Function& kind = function((std::string(__func__) + ":" + std::to_string(algorithm)).c_str());
    if (const int injected = enterAtOnce(kind); injected != 0) {
        return injected;
    }
    return status(submit(handle->stream, __func__, std::move(ranges), [=, a = *alpha, b = *beta] {
        scribble(workspace, scratch);
        convolve(planeOf(shape.x), xData, windowOf(shape), wData, planeOf(shape.y), yData, a, b);
    }, kind.latencyNs));
}

DNN cudnnConvolutionBiasActivationForward(void* h, const float* alpha1, void* x, const float* xData, void* w, const float* wData, void* c,
        int algorithm, void* workspace, size_t workspaceBytes, const float* alpha2, void* z, const float* zData, void* bias,
        const float* biasData, void* activation, void* y, float* yData) {
    ENTER_DNN();
    HANDLE(handle, h);
    SHAPE(x, w, c, y);
    FIND(zd, tensors, z);
    FIND(bd, tensors, bias);
    FIND(ad, activations, activation);
    POINTER(xData);
    POINTER(wData);
    POINTER(biasData);
    POINTER(yData);
    BAD_UNLESS(bd->elements() == wd->k && bd->c == wd->k, "the bias has not one number per output channel");
    BAD_UNLESS(zd->isLike(*yd), "z and y differ in shape");
    constexpr int RELU = 1;
    constexpr int IDENTITY = 5;
    if (ad->mode != RELU && !(ad->mode == IDENTITY && algorithm == IMPLICIT_PRECOMP_GEMM)) {
        return NOT_SUPPORTED;
    }
    const float a1 = *alpha1;
    const float a2 = alpha2 == nullptr ? 0.0f : *alpha2;
    if (a2 != 0.0f) {
        POINTER(zData);
    }
    std::vector<Range> ranges;
    size_t scratch = 0;
    const int r = prepare(__func__, supports, algorithm, shape, {xData, wData, yData, workspace, workspaceBytes}, false, ranges, scratch);
    if (r != SUCCESS) {
        return r;
    }
    ranges.push_back(rangeOf(*bd, biasData, false, "bias"));
    if (a2 != 0.0f) {
        ranges.push_back(rangeOf(*zd, zData, false, "z"));
    }
    return status(submit(handle->stream, __func__, std::move(ranges), [=, zt = *zd, act = *ad] {
        scribble(workspace, scratch);
        // z may be y: it is read before y is written.
        std::vector<float> added(static_cast<size_t>(a2 == 0.0f ? 0 : shape.y.elements()));
        const Tensor& t = shape.y;
        size_t i = 0;
        for (int n = 0; n < t.n && a2 != 0.0f; n++) {
            for (int ch = 0; ch < t.c; ch++) {
                for (int row = 0; row < t.h; row++) {
                    for (int col = 0; col < t.w; col++) {
                        added[i++] = a2 * zData[n * zt.sn + ch * zt.sc + row * zt.sh + col * zt.sw];
                    }
                }
            }
        }
        convolve(planeOf(shape.x), xData, windowOf(shape), wData, planeOf(t), yData, a1, 0.0f);
        i = 0;
        for (int n = 0; n < t.n; n++) {
            for (int ch = 0; ch < t.c; ch++) {
                for (int row = 0; row < t.h; row++) {
                    for (int col = 0; col < t.w; col++) {
                        float& v = yData[n * t.sn + ch * t.sc + row * t.sh + col * t.sw];
                        v = activated(act, v + biasData[ch] + (a2 == 0.0f ? 0.0f : added[i++]));
                    }
                }
            }
        }
    }));
}

DNN cudnnGetConvolutionBackwardDataAlgorithm_v7(void* h, void* w, void* dy, void* c, void* dx, int requested, int* returned,
        Performance* results) {
    ENTER_DNN();
    HANDLE(handle, h);
    SHAPE(dx, w, c, dy);
    BAD_UNLESS(requested > 0 && *whatIsWrong(shape) == 0, "the descriptors don't fit");
    return rank(supportsBackward, BACKWARD_COUNT, shape, requested, returned, results, false);
}

DNN cudnnFindConvolutionBackwardDataAlgorithm(void* h, void* w, void* dy, void* c, void* dx, int requested, int* returned,
        Performance* results) {
    ENTER_DNN();
    HANDLE(handle, h);
    SHAPE(dx, w, c, dy);
    BAD_UNLESS(requested > 0 && *whatIsWrong(shape) == 0, "the descriptors don't fit");
    return rank(supportsBackward, BACKWARD_COUNT, shape, requested, returned, results, true);
}

DNN cudnnGetConvolutionBackwardDataWorkspaceSize(void* h, void* w, void* dy, void* c, void* dx, int algorithm, size_t* bytes) {
    ENTER_DNN();
    HANDLE(handle, h);
    SHAPE(dx, w, c, dy);
    BAD_UNLESS(*whatIsWrong(shape) == 0, "the descriptors don't fit");
    return supportsBackward(algorithm, shape, bytes);
}

DNN cudnnConvolutionBackwardData(void* h, const float* alpha, void* w, const float* wData, void* dy, const float* dyData, void* c,
        int algorithm, void* workspace, size_t workspaceBytes, const float* beta, void* dx, float* dxData) {
    ENTER_DNN();
    HANDLE(handle, h);
    SHAPE(dx, w, c, dy);
    POINTER(wData);
    POINTER(dyData);
    POINTER(dxData);
    POINTER(alpha);
    POINTER(beta);
    std::vector<Range> ranges;
    size_t scratch = 0;
    const int r =
        prepare(__func__, supportsBackward, algorithm, shape, {dyData, wData, dxData, workspace, workspaceBytes}, true, ranges, scratch);
    if (r != SUCCESS) {
        return r;
    }
    return status(submit(handle->stream, __func__, std::move(ranges), [=, a = *alpha, b = *beta] {
        scribble(workspace, scratch);
        convolveTransposed(planeOf(shape.y), dyData, windowOf(shape), wData, planeOf(shape.x), dxData, a, b);
    }));
}
