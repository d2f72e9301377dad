// Convolutions on the host, as matrix products of the input's patches with the filter.
#pragma once

#include <cstdint>

namespace cw {

struct Plane {  // a tensor: sizes, and strides in elements
    int n, c, h, w;
    int64_t sn, sc, sh, sw;
};

struct Window {  // a filter and how it moves; stored as KRSC if channelsLast, else as KCRS
    int k, c, h, w;
    bool channelsLast;
    int padH, padW, strideH, strideW, dilationH, dilationW, groups;
};

// y = alpha (x * w) + beta y
void convolve(const Plane& xt, const float* x, const Window& window, const float* w, const Plane& yt, float* y, float alpha, float beta);

// dx = alpha (dy * transposed w) + beta dx
void convolveTransposed(
    const Plane& dyt, const float* dy, const Window& window, const float* w, const Plane& dxt, float* dx, float alpha, float beta);

}  // namespace cw
