// Pooling, softmax, activations, sums of tensors, scaling, inference's batch normalisation.
#include <algorithm>
#include <cmath>
#include <limits>

#include "dnn.h"

namespace cw::dnn {

bool isKnown(const Activation& a) {
    return a.mode >= 0 && a.mode <= 6;
}

float activated(const Activation& a, float x) {
    const auto c = static_cast<float>(a.coefficient);
    switch (a.mode) {
        case 0: return 1.0f / (1.0f + std::exp(-x));
        case 1: return x < 0.0f ? 0.0f : x;
        case 2: return std::tanh(x);
        case 3: return x < 0.0f ? 0.0f : (x > c ? c : x);
        case 4: return x > 0.0f ? x : c * (std::exp(x) - 1.0f);
        case 6: return x / (1.0f + std::exp(-x));
        default: return x;
    }
}

namespace {

// Calls visit(n, c, h, w, offset) for each element of a tensor.
template <typename V>
void forEach(const Tensor& t, V visit) {
    for (int n = 0; n < t.n; n++) {
        for (int c = 0; c < t.c; c++) {
            for (int h = 0; h < t.h; h++) {
                for (int w = 0; w < t.w; w++) {
                    visit(n, c, h, w, n * t.sn + c * t.sc + h * t.sh + w * t.sw);
                }
            }
        }
    }
}

int64_t at(const Tensor& t, int n, int c, int h, int w) {
    return n * t.sn + c * t.sc + h * t.sh + w * t.sw;
}

// As `at`, with dimensions of size 1 repeated.
int64_t atRepeated(const Tensor& t, int n, int c, int h, int w) {
    return at(t, t.n == 1 ? 0 : n, t.c == 1 ? 0 : c, t.h == 1 ? 0 : h, t.w == 1 ? 0 : w);
}

bool fits(const Tensor& small, const Tensor& large) {
    const auto one = [](int a, int b) { return a == b || a == 1; };
    return one(small.n, large.n) && one(small.c, large.c) && one(small.h, large.h) && one(small.w, large.w);
}

float mixed(float alpha, float value, float beta, float before) {
    return alpha * value + (beta == 0.0f ? 0.0f : beta * before);
}

int pooledSize(int input, int pad, int window, int stride) {
    return 1 + (input + 2 * pad - window) / stride;
}

float pooled(const Pooling& p, const Tensor& t, const float* x, int64_t plane, int row, int column) {
    float most = -std::numeric_limits<float>::infinity();
    float sum = 0.0f;
    int number = 0;
    for (int r = 0; r < p.windowH; r++) {
        for (int q = 0; q < p.windowW; q++) {
            const int h = row * p.strideH - p.padH + r;
            const int w = column * p.strideW - p.padW + q;
            if (h < 0 || h >= t.h || w < 0 || w >= t.w) {
                continue;
            }
            const float v = x[plane + h * t.sh + w * t.sw];
            most = v > most || v != v ? v : most;
            sum += v;
            number++;
        }
    }
    switch (p.mode) {
        case 1: return sum / static_cast<float>(p.windowH * p.windowW);
        case 2: return sum / static_cast<float>(number);
        default: return most;
    }
}

struct Softmax {
    int algorithm;  // 2: logarithm
    int64_t length, step;
};

void softmax(const Softmax& s, const float* x, float* y, int64_t ystep, float alpha, float beta) {
    float most = -std::numeric_limits<float>::infinity();
    for (int64_t i = 0; i < s.length; i++) {
        most = std::max(most, x[i * s.step]);
    }
    float sum = 0.0f;
    for (int64_t i = 0; i < s.length; i++) {
        sum += std::exp(x[i * s.step] - most);
    }
    for (int64_t i = 0; i < s.length; i++) {
        const float v = x[i * s.step] - most;
        y[i * ystep] = mixed(alpha, s.algorithm == 2 ? v - std::log(sum) : std::exp(v) / sum, beta, y[i * ystep]);
    }
}

}  // namespace
}  // namespace cw::dnn

using namespace cw;
using namespace cw::dnn;

DNN cudnnGetPooling2dForwardOutputDim(void* pooling, void* x, int* n, int* c, int* h, int* w) {
    static Function& thisFunction = function(__func__);
    if (const int injected = enter(thisFunction); injected != 0) {
        return injected;
    }
    FIND(p, poolings, pooling);
    FIND(t, tensors, x);
    *n = t->n;
    *c = t->c;
    *h = pooledSize(t->h, p->padH, p->windowH, p->strideH);
    *w = pooledSize(t->w, p->padW, p->windowW, p->strideW);
    return SUCCESS;
}

DNN cudnnPoolingForward(void* h, void* pooling, const float* alpha, void* x, const float* xData, const float* beta, void* y, float* yData) {
    ENTER_DNN();
    HANDLE(handle, h);
    FIND(p, poolings, pooling);
    FIND(xd, tensors, x);
    FIND(yd, tensors, y);
    POINTER(xData);
    POINTER(yData);
    BAD_UNLESS(p->strideH > 0, "the pooling descriptor has not been set");
    BAD_UNLESS(xd->n == yd->n && xd->c == yd->c && yd->h == pooledSize(xd->h, p->padH, p->windowH, p->strideH)
            && yd->w == pooledSize(xd->w, p->padW, p->windowW, p->strideW), "the output's dimensions are not those of the pooling");
    return status(submit(handle->stream, __func__, {rangeOf(*xd, xData, false, "input"), rangeOf(*yd, yData, true, "output")},
        [=, pool = *p, xt = *xd, yt = *yd, a = *alpha, b = *beta] {
            forEach(yt, [&](int n, int c, int row, int column, int64_t to) {
                yData[to] = mixed(a, pooled(pool, xt, xData, n * xt.sn + c * xt.sc, row, column), b, yData[to]);
            });
        }));
}

DNN cudnnSoftmaxForward(void* h, int algorithm, int mode, const float* alpha, void* x, const float* xData, const float* beta, void* y,
        float* yData) {
    ENTER_DNN();
    HANDLE(handle, h);
    FIND(xd, tensors, x);
    FIND(yd, tensors, y);
    POINTER(xData);
    POINTER(yData);
    BAD_UNLESS(algorithm >= 0 && algorithm <= 2 && (mode == 0 || mode == 1), "unknown algorithm or mode");
    BAD_UNLESS(xd->isLike(*yd), "input and output differ in shape");
    const bool instance = mode == 0;
    if (instance && !((xd->isNchw() && yd->isNchw()) || (xd->isNhwc() && yd->isNhwc()))) {
        return NOT_SUPPORTED;
    }
    return status(submit(handle->stream, __func__, {rangeOf(*xd, xData, false, "input"), rangeOf(*yd, yData, true, "output")},
        [=, xt = *xd, yt = *yd, a = *alpha, b = *beta] {
            if (instance) {
                for (int n = 0; n < xt.n; n++) {
                    softmax({algorithm, static_cast<int64_t>(xt.c) * xt.h * xt.w, 1}, xData + n * xt.sn, yData + n * yt.sn, 1, a, b);
                }
                return;
            }
            Tensor one = xt;
            one.c = 1;
            forEach(one, [&](int n, int, int row, int column, int64_t from) {
                softmax({algorithm, xt.c, xt.sc}, xData + from, yData + at(yt, n, 0, row, column), yt.sc, a, b);
            });
        }));
}

DNN cudnnActivationForward(void* h, void* activation, const float* alpha, void* x, const float* xData, const float* beta, void* y,
        float* yData) {
    ENTER_DNN();
    HANDLE(handle, h);
    FIND(act, activations, activation);
    FIND(xd, tensors, x);
    FIND(yd, tensors, y);
    POINTER(xData);
    POINTER(yData);
    BAD_UNLESS(isKnown(*act) && xd->isLike(*yd), "the activation is not set, or input and output differ in shape");
    if (act->mode == 5) {
        return NOT_SUPPORTED;  // the identity exists only beside a convolution
    }
    return status(submit(handle->stream, __func__, {rangeOf(*xd, xData, false, "input"), rangeOf(*yd, yData, true, "output")},
        [=, f = *act, xt = *xd, yt = *yd, a = *alpha, b = *beta] {
            forEach(yt, [&](int n, int c, int row, int column, int64_t to) {
                yData[to] = mixed(a, activated(f, xData[at(xt, n, c, row, column)]), b, yData[to]);
            });
        }));
}

DNN cudnnAddTensor(void* h, const float* alpha, void* a, const float* aData, const float* beta, void* c, float* cData) {
    ENTER_DNN();
    HANDLE(handle, h);
    FIND(ad, tensors, a);
    FIND(cd, tensors, c);
    POINTER(aData);
    POINTER(cData);
    BAD_UNLESS(fits(*ad, *cd), "the shapes don't fit");
    return status(submit(handle->stream, __func__, {rangeOf(*ad, aData, false, "A"), rangeOf(*cd, cData, true, "C")},
        [=, at_ = *ad, ct = *cd, x = *alpha, b = *beta] {
            forEach(ct, [&](int n, int ch, int row, int column, int64_t to) {
                cData[to] = mixed(x, aData[atRepeated(at_, n, ch, row, column)], b, cData[to]);
            });
        }));
}

DNN cudnnOpTensor(void* h, void* op, const float* alpha1, void* a, const float* aData, const float* alpha2, void* b, const float* bData,
        const float* beta, void* c, float* cData) {
    ENTER_DNN();
    HANDLE(handle, h);
    FIND(od, opTensors, op);
    FIND(ad, tensors, a);
    FIND(bd, tensors, b);
    FIND(cd, tensors, c);
    POINTER(aData);
    POINTER(bData);
    POINTER(cData);
    BAD_UNLESS(od->op >= 0 && ad->isLike(*cd) && fits(*bd, *cd), "the operation is not set, or the shapes don't fit");
    return status(submit(handle->stream, __func__,
        {rangeOf(*ad, aData, false, "A"), rangeOf(*bd, bData, false, "B"), rangeOf(*cd, cData, true, "C")},
        [=, o = od->op, at_ = *ad, bt = *bd, ct = *cd, x1 = *alpha1, x2 = *alpha2, z = *beta] {
            forEach(ct, [&](int n, int ch, int row, int column, int64_t to) {
                const float p = x1 * aData[at(at_, n, ch, row, column)];
                const float q = x2 * bData[atRepeated(bt, n, ch, row, column)];
                const float v = o == 0 ? p + q : o == 1 ? p * q : o == 2 ? std::min(p, q) : o == 3 ? std::max(p, q)
                    : o == 4 ? std::sqrt(p) : 1.0f - p;
                cData[to] = mixed(1.0f, v, z, cData[to]);
            });
        }));
}

DNN cudnnScaleTensor(void* h, void* y, float* yData, const float* alpha) {
    ENTER_DNN();
    HANDLE(handle, h);
    FIND(yd, tensors, y);
    POINTER(yData);
    return status(submit(handle->stream, __func__, {rangeOf(*yd, yData, true, "y")}, [=, yt = *yd, a = *alpha] {
        forEach(yt, [&](int, int, int, int, int64_t to) { yData[to] *= a; });
    }));
}

DNN cudnnSetTensor(void* h, void* y, float* yData, const float* value) {
    ENTER_DNN();
    HANDLE(handle, h);
    FIND(yd, tensors, y);
    POINTER(yData);
    return status(submit(handle->stream, __func__, {rangeOf(*yd, yData, true, "y")}, [=, yt = *yd, v = *value] {
        forEach(yt, [&](int, int, int, int, int64_t to) { yData[to] = v; });
    }));
}
