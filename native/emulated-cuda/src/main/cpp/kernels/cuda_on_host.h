// CUDA C++ as far as the kernels need it, for g++: what cwcuda.h includes when a .cu is compiled into the stand-ins.
//
// A grid runs block after block on the thread of its stream. The threads of a block run one after the other on one fiber until
// one of them waits (__syncthreads, a shuffle); from there the next ones run on fibers of their own (grid.cpp).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <immintrin.h>
#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>

#include "grid.h"

#define __global__
#define __device__
#define __host__
#define __constant__ static const
#define __shared__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)
#define CW_DEVICE static inline
#define CW_DYNAMIC_SHARED(type, name) type* const name = reinterpret_cast<type*>(cwGrid.dynamicShared)

#define threadIdx cwGrid.thread
#define blockIdx cwGrid.block
#define blockDim cwGrid.blockSize
#define gridDim cwGrid.gridSize

struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) int2 { int x, y; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(4) uchar4 { unsigned char x, y, z, w; };
static inline float2 make_float2(float x, float y) { return {x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
static inline int2 make_int2(int x, int y) { return {x, y}; }
static inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }

static inline void __syncthreads() { cwSyncThreads(); }
static inline void __syncwarp(unsigned mask = 0xffffffffu) { cwExchange(mask, 0, 0); }

template <typename T>
static inline T cwShuffle(unsigned mask, T value, int lane) {
    static_assert(sizeof(T) == 4, "shuffles exchange 32 bits");
    unsigned bits;
    std::memcpy(&bits, &value, 4);
    bits = cwExchange(mask, bits, lane);
    std::memcpy(&value, &bits, 4);
    return value;
}

// As on the device, a source lane outside the warp means the own value.
static inline int cwLane() { return cwGrid.threadIndex & 31; }
template <typename T>
static inline T __shfl_xor_sync(unsigned mask, T v, int with) { return cwShuffle(mask, v, (cwLane() ^ with) & 31); }
template <typename T>
static inline T __shfl_down_sync(unsigned mask, T v, int by) { return cwShuffle(mask, v, cwLane() + by > 31 ? cwLane() : cwLane() + by); }
template <typename T>
static inline T __shfl_up_sync(unsigned mask, T v, int by) { return cwShuffle(mask, v, cwLane() - by < 0 ? cwLane() : cwLane() - by); }
template <typename T>
static inline T __shfl_sync(unsigned mask, T v, int lane) { return cwShuffle(mask, v, lane & 31); }
template <typename T>
static inline T __ldg(const T* p) { return *p; }

static inline float cwExp2Approx(float x) { return exp2f(x); }
static inline float cwSqrt(float x) { return sqrtf(x); }
static inline float cwFma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
static inline float cwRint(float x) { return __builtin_rintf(x); }
static inline float cwFloor(float x) { return __builtin_floorf(x); }
static inline float cwCeil(float x) { return __builtin_ceilf(x); }
static inline float cwTrunc(float x) { return __builtin_truncf(x); }
static inline float cwBitsToFloat(unsigned x) { float r; std::memcpy(&r, &x, 4); return r; }
static inline unsigned cwFloatToBits(float x) { unsigned r; std::memcpy(&r, &x, 4); return r; }
static inline float cwHalfToFloat(unsigned short x) { return _cvtsh_ss(x); }
static inline unsigned short cwFloatToHalf(float x) { return static_cast<unsigned short>(_cvtss_sh(x, 0)); }

namespace cw {

// The host build of one entry: sizes of its parameters, and a body that runs threads of the current block until none is left.
template <auto Kernel>
struct HostKernel;

template <typename... A, void (*Kernel)(A...)>
struct HostKernel<Kernel> {
    static constexpr unsigned short sizes[sizeof...(A) + 1] = {static_cast<unsigned short>(sizeof(A))..., 0};

    template <size_t... I>
    static void runThreads(void** params, std::index_sequence<I...>) {
        const std::tuple<A...> arguments(*static_cast<std::remove_const_t<A>*>(params[I])...);
        while (cwNextThread()) {
            Kernel(std::get<I>(arguments)...);
        }
    }

    static void body(void** params) { runThreads(params, std::index_sequence_for<A...>{}); }
};

}  // namespace cw

#define CW_HOST_KERNEL(name, hash) \
    {#name, hash, static_cast<unsigned>(std::size(cw::HostKernel<&name>::sizes) - 1), cw::HostKernel<&name>::sizes, &cw::HostKernel<&name>::body}
