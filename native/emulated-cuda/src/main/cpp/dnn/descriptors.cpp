// Descriptors of tensors, filters, convolutions, activations, pooling and element-wise operations.
#include <algorithm>

#include "dnn.h"

namespace cw::dnn {

namespace {

constexpr int FLOAT = 0;
constexpr int NCHW = 0;
constexpr int NHWC = 1;
constexpr int64_t MOST_ELEMENTS = 1LL << 31;

template <typename T>
Objects<T>& table(unsigned tag) {
    static auto* const t = new Objects<T>(tag, Thing::DNN_DESCRIPTORS);
    return *t;
}

}  // namespace

Objects<Tensor>& tensors() { return table<Tensor>(0xd1); }
Objects<Filter>& filters() { return table<Filter>(0xd2); }
Objects<Convolution>& convolutions() { return table<Convolution>(0xd3); }
Objects<Activation>& activations() { return table<Activation>(0xd4); }
Objects<Pooling>& poolings() { return table<Pooling>(0xd5); }
Objects<OpTensor>& opTensors() { return table<OpTensor>(0xd6); }

Range rangeOf(const Tensor& tensor, const void* at, bool write, const char* what) {
    return {at, static_cast<size_t>(tensor.extent()) * 4, write, what};
}

int checkPointer(const char* function, const void* at) {
    if (at == nullptr) {
        return refuse(BAD_PARAM_NULL_POINTER, function, "a pointer is null");
    }
    return reinterpret_cast<uintptr_t>(at) % 4 == 0 ? SUCCESS : refuse(BAD_PARAM_MISALIGNED_POINTER, function, "a pointer is not aligned");
}

namespace {

int setTensor(const char* function, Tensor& t, const Tensor& wanted) {
    if (wanted.n <= 0 || wanted.c <= 0 || wanted.h <= 0 || wanted.w <= 0) {
        return refuse(BAD_PARAM, function, "a dimension is not positive");
    }
    if (wanted.sn <= 0 || wanted.sc <= 0 || wanted.sh <= 0 || wanted.sw <= 0) {
        return refuse(BAD_PARAM, function, "a stride is not positive");
    }
    if (wanted.extent() > MOST_ELEMENTS) {
        return refuse(NOT_SUPPORTED, function, "a tensor of more than 2 Gi elements");
    }
    t = wanted;
    return SUCCESS;
}

Tensor packed(int format, int n, int c, int h, int w) {
    Tensor t{n, c, h, w, 0, 0, 0, 0};
    t.sn = static_cast<int64_t>(c) * h * w;
    t.sc = format == NCHW ? static_cast<int64_t>(h) * w : 1;
    t.sh = format == NCHW ? w : static_cast<int64_t>(w) * c;
    t.sw = format == NCHW ? 1 : c;
    return t;
}

}  // namespace

template <typename T>
int create(Function& f, Objects<T>& table, void** result) {
    if (const int injected = enter(f); injected != 0) {
        return injected;
    }
    *result = table.add(std::make_shared<T>());
    return SUCCESS;
}

template <typename T>
int destroy(Function& f, Objects<T>& table, void* descriptor) {
    if (const int injected = enter(f); injected != 0) {
        return injected;
    }
    return table.remove(descriptor) ? SUCCESS : refuse(BAD_PARAM, f.name.c_str(), "no such descriptor (destroyed already?)");
}

}  // namespace cw::dnn

using namespace cw;
using namespace cw::dnn;

// Descriptors live on the host: they need no context.
#define ENTER_HOST() \
    static Function& thisFunction = function(__func__); \
    if (const int injected = enter(thisFunction); injected != 0) { \
        return injected; \
    }
#define DESCRIPTOR(name, table) \
    DNN cudnnCreate##name##Descriptor(void** result) { \
        static Function& f = function(__func__); \
        return create(f, table(), result); \
    } \
    DNN cudnnDestroy##name##Descriptor(void* descriptor) { \
        static Function& f = function(__func__); \
        return destroy(f, table(), descriptor); \
    }

DESCRIPTOR(Tensor, tensors)
DESCRIPTOR(Filter, filters)
DESCRIPTOR(Convolution, convolutions)
DESCRIPTOR(Activation, activations)
DESCRIPTOR(Pooling, poolings)
DESCRIPTOR(OpTensor, opTensors)

DNN cudnnSetTensor4dDescriptor(void* descriptor, int format, int type, int n, int c, int h, int w) {
    ENTER_HOST();
    FIND(t, tensors, descriptor);
    if (type != FLOAT || (format != NCHW && format != NHWC)) {
        return NOT_SUPPORTED;
    }
    return setTensor(__func__, *t, packed(format, n, c, h, w));
}

DNN cudnnSetTensor4dDescriptorEx(void* descriptor, int type, int n, int c, int h, int w, int sn, int sc, int sh, int sw) {
    ENTER_HOST();
    FIND(t, tensors, descriptor);
    return type == FLOAT ? setTensor(__func__, *t, {n, c, h, w, sn, sc, sh, sw}) : NOT_SUPPORTED;
}

DNN cudnnSetTensorNdDescriptor(void* descriptor, int type, int dimensions, const int* sizes, const int* strides) {
    ENTER_HOST();
    FIND(t, tensors, descriptor);
    if (type != FLOAT || dimensions != 4) {
        return NOT_SUPPORTED;
    }
    return setTensor(__func__, *t, {sizes[0], sizes[1], sizes[2], sizes[3], strides[0], strides[1], strides[2], strides[3]});
}

DNN cudnnGetTensor4dDescriptor(void* descriptor, int* type, int* n, int* c, int* h, int* w, int* sn, int* sc, int* sh, int* sw) {
    ENTER_HOST();
    FIND(t, tensors, descriptor);
    *type = FLOAT;
    *n = t->n;
    *c = t->c;
    *h = t->h;
    *w = t->w;
    *sn = static_cast<int>(t->sn);
    *sc = static_cast<int>(t->sc);
    *sh = static_cast<int>(t->sh);
    *sw = static_cast<int>(t->sw);
    return SUCCESS;
}

DNN cudnnGetTensorSizeInBytes(void* descriptor, size_t* bytes) {
    ENTER_HOST();
    FIND(t, tensors, descriptor);
    *bytes = t->isSet() ? static_cast<size_t>(t->extent()) * 4 : 0;
    return SUCCESS;
}

DNN cudnnSetFilter4dDescriptor(void* descriptor, int type, int format, int k, int c, int h, int w) {
    ENTER_HOST();
    FIND(f, filters, descriptor);
    BAD_UNLESS(k > 0 && c > 0 && h > 0 && w > 0, "a dimension is not positive");
    if (type != FLOAT || (format != NCHW && format != NHWC)) {
        return NOT_SUPPORTED;
    }
    *f = {k, c, h, w, format == NHWC};
    return SUCCESS;
}

DNN cudnnSetConvolution2dDescriptor(void* descriptor, int padH, int padW, int strideH, int strideW, int dilationH, int dilationW, int mode,
        int type) {
    ENTER_HOST();
    FIND(c, convolutions, descriptor);
    BAD_UNLESS(padH >= 0 && padW >= 0 && strideH > 0 && strideW > 0 && dilationH > 0 && dilationW > 0, "a number is out of range");
    BAD_UNLESS(mode == 0 || mode == 1, "unknown mode");
    if (type != FLOAT) {
        return NOT_SUPPORTED;
    }
    *c = {padH, padW, strideH, strideW, dilationH, dilationW, mode, c->groups, c->mathType};
    return SUCCESS;
}

DNN cudnnSetConvolutionGroupCount(void* descriptor, int groups) {
    ENTER_HOST();
    FIND(c, convolutions, descriptor);
    BAD_UNLESS(groups > 0, "groups must be positive");
    c->groups = groups;
    return SUCCESS;
}

DNN cudnnGetConvolutionGroupCount(void* descriptor, int* groups) {
    ENTER_HOST();
    FIND(c, convolutions, descriptor);
    *groups = c->groups;
    return SUCCESS;
}

DNN cudnnSetConvolutionMathType(void* descriptor, int mathType) {
    ENTER_HOST();
    FIND(c, convolutions, descriptor);
    BAD_UNLESS(mathType >= 0 && mathType <= 3, "unknown math type");
    c->mathType = mathType;
    return SUCCESS;
}

DNN cudnnGetConvolutionMathType(void* descriptor, int* mathType) {
    ENTER_HOST();
    FIND(c, convolutions, descriptor);
    *mathType = c->mathType;
    return SUCCESS;
}

DNN cudnnSetActivationDescriptor(void* descriptor, int mode, int nan, double coefficient) {
    ENTER_HOST();
    FIND(a, activations, descriptor);
    BAD_UNLESS(mode >= 0 && mode <= 6 && (nan == 0 || nan == 1), "unknown mode");
    *a = {mode, nan, coefficient};
    return SUCCESS;
}

DNN cudnnSetPooling2dDescriptor(void* descriptor, int mode, int nan, int windowH, int windowW, int padH, int padW, int strideH, int strideW) {
    ENTER_HOST();
    FIND(p, poolings, descriptor);
    BAD_UNLESS(mode >= 0 && mode <= 3 && (nan == 0 || nan == 1), "unknown mode");
    BAD_UNLESS(windowH > 0 && windowW > 0 && strideH > 0 && strideW > 0 && padH >= 0 && padW >= 0, "a number is out of range");
    BAD_UNLESS(padH < windowH && padW < windowW, "padding as large as the window");
    *p = {mode, nan, windowH, windowW, padH, padW, strideH, strideW};
    return SUCCESS;
}

DNN cudnnSetOpTensorDescriptor(void* descriptor, int op, int type, int) {
    ENTER_HOST();
    FIND(o, opTensors, descriptor);
    BAD_UNLESS(op >= 0 && op <= 5, "unknown operation");
    if (type != FLOAT) {
        return NOT_SUPPORTED;
    }
    o->op = op;
    return SUCCESS;
}
