// CUDA C++ as far as the kernels need it, for clang without the CUDA toolkit (-nocudainc -nocudalib).
#pragma once

#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __host__ __attribute__((host))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))

typedef __SIZE_TYPE__ size_t;
typedef __INT8_TYPE__ int8_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __INT16_TYPE__ int16_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __INT32_TYPE__ int32_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT64_TYPE__ uint64_t;

// threadIdx.x and its like read special registers.
#define CW_REGISTER(name, sreg) \
    struct name##Register { \
        struct X { __device__ __forceinline__ operator unsigned() const { return __nvvm_read_ptx_sreg_##sreg##_x(); } }; \
        struct Y { __device__ __forceinline__ operator unsigned() const { return __nvvm_read_ptx_sreg_##sreg##_y(); } }; \
        struct Z { __device__ __forceinline__ operator unsigned() const { return __nvvm_read_ptx_sreg_##sreg##_z(); } }; \
        X x; \
        Y y; \
        Z z; \
    }; \
    static constexpr __device__ name##Register name{}
CW_REGISTER(threadIdx, tid);
CW_REGISTER(blockIdx, ctaid);
CW_REGISTER(blockDim, ntid);
CW_REGISTER(gridDim, nctaid);
#undef CW_REGISTER

struct __align__(8) float2 { float x, y; };
struct __align__(16) float4 { float x, y, z, w; };
struct __align__(8) int2 { int x, y; };
struct __align__(16) int4 { int x, y, z, w; };
struct __align__(4) uchar4 { unsigned char x, y, z, w; };
__device__ __forceinline__ float2 make_float2(float x, float y) { return {x, y}; }
__device__ __forceinline__ float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
__device__ __forceinline__ int2 make_int2(int x, int y) { return {x, y}; }
__device__ __forceinline__ int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }

__device__ __forceinline__ void __syncwarp(unsigned mask = 0xffffffffu) { __nvvm_bar_warp_sync(mask); }

// Exchange between the 32 lanes of a warp.
__device__ __forceinline__ float __shfl_xor_sync(unsigned mask, float v, int lane) { return __nvvm_shfl_sync_bfly_f32(mask, v, lane, 0x1f); }
__device__ __forceinline__ float __shfl_down_sync(unsigned mask, float v, int by) { return __nvvm_shfl_sync_down_f32(mask, v, by, 0x1f); }
__device__ __forceinline__ float __shfl_up_sync(unsigned mask, float v, int by) { return __nvvm_shfl_sync_up_f32(mask, v, by, 0); }
__device__ __forceinline__ float __shfl_sync(unsigned mask, float v, int lane) { return __nvvm_shfl_sync_idx_f32(mask, v, lane, 0x1f); }
__device__ __forceinline__ int __shfl_xor_sync(unsigned mask, int v, int lane) { return __nvvm_shfl_sync_bfly_i32(mask, v, lane, 0x1f); }
__device__ __forceinline__ int __shfl_down_sync(unsigned mask, int v, int by) { return __nvvm_shfl_sync_down_i32(mask, v, by, 0x1f); }
__device__ __forceinline__ int __shfl_up_sync(unsigned mask, int v, int by) { return __nvvm_shfl_sync_up_i32(mask, v, by, 0); }
__device__ __forceinline__ int __shfl_sync(unsigned mask, int v, int lane) { return __nvvm_shfl_sync_idx_i32(mask, v, lane, 0x1f); }

template <typename T>
__device__ __forceinline__ T __ldg(const T* p) { return *p; }
