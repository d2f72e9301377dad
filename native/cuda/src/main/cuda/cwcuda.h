// What the kernels are written in: CUDA C++ without the CUDA toolkit's headers.
//
// Each .cu beside this file is compiled twice. clang (or nvcc) makes the PTX that a GPU runs; g++ makes the host build that the
// stand-ins of the driver run (CW_HOST_KERNELS, see native/emulated-cuda). So a kernel uses what is declared here, and nothing
// else: no <cmath>, no cuda_fp16.h. Functions from expf to erff are ours (cwExp, cwErf...), the same code on both sides; only
// the primitives of one instruction differ.
//
//   extern "C" __global__ void __launch_bounds__(256) name(const float* __restrict__ x, float* __restrict__ y, int n)
//
// is an entry: its name is unique among all files, its parameters are pointers, numbers or plain structs. Shared memory:
// `__shared__ float s[128];`, or sized at launch with CW_DYNAMIC_SHARED(float, s).
#pragma once

#if defined(CW_HOST_KERNELS)
#include "cuda_on_host.h"
#else
#if defined(__clang__)
#include "cwclang.h"
#endif
#define CW_DEVICE __device__ __forceinline__
#define CW_DYNAMIC_SHARED(type, name) \
    extern __shared__ __align__(16) unsigned char cwDynamicShared[]; \
    type* const name = reinterpret_cast<type*>(cwDynamicShared)
#endif

#if !defined(CW_HOST_KERNELS)
// Primitives: one instruction each. The approximations are within 2 ulp over the ranges used below.
CW_DEVICE float cwExp2Approx(float x) { float r; asm("ex2.approx.f32 %0, %1;" : "=f"(r) : "f"(x)); return r; }
CW_DEVICE float cwSqrt(float x) { float r; asm("sqrt.rn.f32 %0, %1;" : "=f"(r) : "f"(x)); return r; }
CW_DEVICE float cwFma(float a, float b, float c) { float r; asm("fma.rn.f32 %0, %1, %2, %3;" : "=f"(r) : "f"(a), "f"(b), "f"(c)); return r; }
CW_DEVICE float cwRint(float x) { float r; asm("cvt.rni.f32.f32 %0, %1;" : "=f"(r) : "f"(x)); return r; }
CW_DEVICE float cwFloor(float x) { float r; asm("cvt.rmi.f32.f32 %0, %1;" : "=f"(r) : "f"(x)); return r; }
CW_DEVICE float cwCeil(float x) { float r; asm("cvt.rpi.f32.f32 %0, %1;" : "=f"(r) : "f"(x)); return r; }
CW_DEVICE float cwTrunc(float x) { float r; asm("cvt.rzi.f32.f32 %0, %1;" : "=f"(r) : "f"(x)); return r; }
CW_DEVICE float cwBitsToFloat(unsigned x) { float r; asm("mov.b32 %0, %1;" : "=f"(r) : "r"(x)); return r; }
CW_DEVICE unsigned cwFloatToBits(float x) { unsigned r; asm("mov.b32 %0, %1;" : "=r"(r) : "f"(x)); return r; }
CW_DEVICE float cwHalfToFloat(unsigned short x) { float r; asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(x)); return r; }
CW_DEVICE unsigned short cwFloatToHalf(float x) { unsigned short r; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r) : "f"(x)); return r; }
#endif

// The elements of a thread of a one-dimensional grid: for (int i : all that are its own below n).
#define CW_EACH(i, n) for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += gridDim.x * blockDim.x)

// A NaN argument gives the other one, as IEEE 754's minNum and maxNum and the GPU's instructions do.
CW_DEVICE float cwMin(float a, float b) { return a != a ? b : (b != b ? a : (a < b ? a : b)); }
CW_DEVICE float cwMax(float a, float b) { return a != a ? b : (b != b ? a : (a > b ? a : b)); }
CW_DEVICE float cwAbs(float x) { return cwBitsToFloat(cwFloatToBits(x) & 0x7fffffffu); }
CW_DEVICE bool cwIsNan(float x) { return x != x; }
CW_DEVICE float cwInfinity() { return cwBitsToFloat(0x7f800000u); }
CW_DEVICE float cwRsqrt(float x) { return 1.0f / cwSqrt(x); }

// 2^n for -126 <= n <= 127.
CW_DEVICE float cwPowerOfTwo(int n) { return cwBitsToFloat(static_cast<unsigned>(n + 127) << 23); }

// e^x, relative error below 3e-7: x = n ln 2 + r with ln 2 in two parts, e^r = 2^(r / ln 2), scaled by 2^n in two steps so that
// the ends of the range come out as zero, subnormal and infinity.
CW_DEVICE float cwExp(float x) {
    if (x != x) {
        return x;
    }
    const float clamped = cwMin(cwMax(x, -110.0f), 90.0f);
    const float n = cwRint(clamped * 1.44269504f);
    const float r = cwFma(n, -1.42860677e-6f, cwFma(n, -0.693145752f, clamped));
    const int power = static_cast<int>(n);
    const int half = power / 2;
    return cwExp2Approx(r * 1.44269504f) * cwPowerOfTwo(half) * cwPowerOfTwo(power - half);
}

// Natural logarithm, relative error below 3e-7: x = 2^e m with m around 1, and the series of atanh in (m - 1) / (m + 1).
CW_DEVICE float cwLog(float x) {
    if (x != x || x < 0.0f) {
        return cwBitsToFloat(0x7fc00000u);
    }
    if (x == 0.0f || x == cwInfinity()) {
        return x == 0.0f ? -cwInfinity() : x;
    }
    const bool subnormal = x < 1.17549435e-38f;
    const unsigned bits = cwFloatToBits(subnormal ? x * 8388608.0f : x);
    int e = static_cast<int>(bits >> 23) - 127 - (subnormal ? 23 : 0);
    float m = cwBitsToFloat((bits & 0x007fffffu) | 0x3f800000u);
    if (m > 1.41421356f) {
        m *= 0.5f;
        e += 1;
    }
    const float f = (m - 1.0f) / (m + 1.0f);
    const float s = f * f;
    const float series = cwFma(s, cwFma(s, cwFma(s, cwFma(s, 0.222222222f, 0.285714286f), 0.4f), 0.666666667f), 2.0f) * f;
    const float exponent = static_cast<float>(e);
    return cwFma(exponent, 0.693145752f, cwFma(exponent, 1.42860677e-6f, series));
}

CW_DEVICE float cwSigmoid(float x) { return 1.0f / (1.0f + cwExp(-x)); }

// tanh: its series near zero, where 1 - 2 / (e^2x + 1) would cancel.
CW_DEVICE float cwTanh(float x) {
    const float a = cwAbs(x);
    if (a < 0.4f) {
        const float s = x * x;
        const float p = cwFma(s, cwFma(s, cwFma(s, cwFma(s, -0.00886323553f, 0.0218694885f), -0.0539682540f), 0.133333333f), -0.333333333f);
        return cwFma(x * s, p, x);
    }
    const float t = 1.0f - 2.0f / (cwExp(2.0f * a) + 1.0f);
    return x < 0.0f ? -t : t;
}

// erf: its series up to 1, and formula 7.1.26 of Abramowitz and Stegun beyond (absolute error below 2e-7).
CW_DEVICE float cwErf(float x) {
    const float a = cwAbs(x);
    if (a < 1.0f) {
        const float s = x * x;
        float p = -1.089222104e-09f;
        p = cwFma(s, p, 1.312253296e-08f);
        p = cwFma(s, p, -1.450385222e-07f);
        p = cwFma(s, p, 1.458916900e-06f);
        p = cwFma(s, p, -1.322751323e-05f);
        p = cwFma(s, p, 1.068376068e-04f);
        p = cwFma(s, p, -7.575757576e-04f);
        p = cwFma(s, p, 4.629629630e-03f);
        p = cwFma(s, p, -2.380952381e-02f);
        p = cwFma(s, p, 1.000000000e-01f);
        p = cwFma(s, p, -3.333333333e-01f);
        return 1.128379167f * cwFma(x * s, p, x);
    }
    if (a != a) {
        return x;
    }
    const float t = 1.0f / cwFma(0.3275911f, a, 1.0f);
    const float p = cwFma(t, cwFma(t, cwFma(t, cwFma(t, 1.061405429f, -1.453152027f), 1.421413741f), -0.284496736f), 0.254829592f);
    const float y = 1.0f - p * t * cwExp(-a * a);
    return x < 0.0f ? -y : y;
}

// x^y: a negative x only with an integral y, as ONNX's Pow has it.
CW_DEVICE float cwPow(float x, float y) {
    if (y == 0.0f || x == 1.0f) {
        return 1.0f;
    }
    if (y == 2.0f) {
        return x * x;
    }
    if (y == 0.5f) {
        return cwSqrt(x);
    }
    const bool integral = cwFloor(y) == y;
    const float magnitude = x == 0.0f ? (y > 0.0f ? 0.0f : cwInfinity()) : cwExp(y * cwLog(cwAbs(x)));
    if (x < 0.0f && !integral) {
        return cwBitsToFloat(0x7fc00000u);
    }
    const float half = 0.5f * y;
    return x < 0.0f && cwFloor(half) != half ? -magnitude : magnitude;
}
