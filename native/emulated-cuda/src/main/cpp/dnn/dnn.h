// What the parts of the cuDNN stand-in share. It computes floats, for tensors in NCHW or NHWC order.
#pragma once

#include "../common/library.h"

namespace cw::dnn {

enum Status {
    SUCCESS = 0,
    NOT_INITIALIZED = 1001,
    BAD_PARAM = 2000,
    BAD_PARAM_NULL_POINTER = 2002,
    BAD_PARAM_MISALIGNED_POINTER = 2003,
    NOT_SUPPORTED = 3000,
    INTERNAL_ERROR = 4000,
    ALLOCATION_FAILED = 4003,
    EXECUTION_FAILED = 5000,
};

struct Handle {
    void* stream = nullptr;
};

Objects<Handle>& handles();

// A tensor of up to four dimensions; strides in elements.
struct Tensor {
    int n = 0, c = 0, h = 0, w = 0;
    int64_t sn = 0, sc = 0, sh = 0, sw = 0;
    int64_t elements() const { return static_cast<int64_t>(n) * c * h * w; }
    int64_t extent() const { return (n - 1) * sn + (c - 1) * sc + (h - 1) * sh + (w - 1) * sw + 1; }
    bool isSet() const { return n > 0; }
    bool isNhwc() const { return sc == 1 && sw == c && sh == sw * w && sn == sh * h; }
    bool isNchw() const { return sw == 1 && sh == w && sc == sh * h && sn == sc * c; }
    bool isLike(const Tensor& t) const { return n == t.n && c == t.c && h == t.h && w == t.w; }
};

// A filter's dimensions: k outputs, c inputs of a group, h x w; stored as KCRS or, nhwc, as KRSC.
struct Filter {
    int k = 0, c = 0, h = 0, w = 0;
    bool nhwc = false;
    int64_t elements() const { return static_cast<int64_t>(k) * c * h * w; }
};

struct Convolution {
    int padH = 0, padW = 0, strideH = 0, strideW = 0, dilationH = 0, dilationW = 0;
    int mode = 0, groups = 1, mathType = 0;
    bool isSet() const { return strideH > 0; }
};

struct Activation {
    int mode = -1, nan = 0;
    double coefficient = 0;
};

struct Pooling {
    int mode = 0, nan = 0, windowH = 0, windowW = 0, padH = 0, padW = 0, strideH = 0, strideW = 0;
};

struct OpTensor {
    int op = -1;
};

Objects<Tensor>& tensors();
Objects<Filter>& filters();
Objects<Convolution>& convolutions();
Objects<Activation>& activations();
Objects<Pooling>& poolings();
Objects<OpTensor>& opTensors();

// y after an activation of that mode; NaN goes through.
float activated(const Activation& activation, float x);
// The mode is one that can be computed here.
bool isKnown(const Activation& activation);

Range rangeOf(const Tensor& tensor, const void* at, bool write, const char* what);
// A pointer that is null or not aligned to its floats: the status, with the breach written down; else SUCCESS.
int checkPointer(const char* function, const void* at);

// Writes the breach down and gives the status.
int refuse(int status, const char* function, const char* why);
int status(CUresult r);

}  // namespace cw::dnn

#define DNN extern "C" CW_EXPORT int
// Opens a function that needs a context that works.
#define ENTER_DNN() \
    static cw::Function& thisFunction = cw::function(__func__); \
    if (const int injected = cw::enter(thisFunction); injected != 0) { \
        return injected; \
    } \
    if (cw::contextState() != CUDA_SUCCESS) { \
        return EXECUTION_FAILED; \
    }
#define HANDLE(variable, handle) \
    const std::shared_ptr<Handle> variable = handles().find(handle); \
    if (!variable) { \
        return refuse(NOT_INITIALIZED, __func__, "no such handle (destroyed?)"); \
    }
#define FIND(variable, table, descriptor) \
    const auto variable = table().find(descriptor); \
    if (!variable) { \
        return refuse(BAD_PARAM, __func__, "no such descriptor: " #descriptor); \
    }
#define POINTER(at) \
    if (const int wrong = checkPointer(__func__, at); wrong != SUCCESS) { \
        return wrong; \
    }
#define BAD_UNLESS(condition, why) \
    if (!(condition)) { \
        return refuse(BAD_PARAM, __func__, why); \
    }
