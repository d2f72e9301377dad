// Device and pinned memory: what is where, who may use it, and until when.
//
// Device addresses lie in one arena of address space that is reserved at the start and never used twice, so a stale address
// stays invalid for ever. Physical blocks are parts of a memory file; mapping them maps that file. So what is not mapped can't
// be touched: a kernel that does so faults, and loses its context, as on a GPU.
#pragma once

#include <string>

#include "state.h"

namespace cw {

constexpr size_t GRANULARITY = 2u << 20;
constexpr size_t ALLOCATION_ALIGNMENT = 256;

bool isDeviceAddress(const void* at);
bool isDeviceAddress(uint64_t at);

// Is [at, at + bytes) device memory that `device` may use now (or pinned host memory)? Empty if so, else what is wrong with it.
std::string whatIsWrong(CUdevice device, const void* at, size_t bytes, bool write);

// The allocation or mapping that holds `at`; bytes 0 if there is none.
Range segmentOf(const void* at);

enum class Pinned { WHOLE, PARTLY, NONE };
Pinned pinned(const void* at, size_t bytes);

}  // namespace cw
