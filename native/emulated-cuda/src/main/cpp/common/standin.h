// What the stand-ins share: libcuda implements it, libcudnn and libcublas use it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cuda_types.h"

#define CW_EXPORT __attribute__((visibility("default")))

namespace cw {

// What is counted as long as it has not been given back.
enum class Thing : int {
    CONTEXTS, STREAMS, EVENTS, MODULES, ALLOCATIONS, DEVICE_BYTES, PHYSICAL_BLOCKS, MAPPINGS, RESERVATIONS, PINNED_BLOCKS,
    PINNED_BYTES, GRAPHS, DNN_HANDLES, DNN_DESCRIPTORS, BLAS_HANDLES, NUMBER
};
CW_EXPORT void count(Thing thing, int64_t change);

// One function of an API, or one kind of execution on a stream ("execute:kernel"): its calls, and what was set for it.
struct Function {
    std::string name;
    std::atomic<uint64_t> calls{0};
    std::atomic<uint64_t> failFrom{0};  // number of the first call that fails; 0: none
    std::atomic<uint64_t> failUntil{0};
    std::atomic<int> failWith{0};
    std::atomic<bool> sticky{false};    // the failure loses the context
    bool endsCapture = false;           // not permitted while the calling thread captures a stream
    std::atomic<int64_t> latencyNs{0};
};
CW_EXPORT Function& function(const char* name);

// Counts a call of a library's function and waits for its latency; the error that was set for this call, or 0.
CW_EXPORT int enter(Function& f);
// The same without waiting: its latency is for what it submits.
CW_EXPORT int enterAtOnce(Function& f);

// A mistake of the caller: written down, and a test that finds one fails. Printf-like.
CW_EXPORT void breach(const char* format, ...) __attribute__((format(printf, 1, 2)));

// Memory that an operation uses.
struct Range {
    const void* at;
    size_t bytes;
    bool write;
    const char* what;
};

// The calling thread's context: CUDA_SUCCESS if it has one that works.
CW_EXPORT CUresult contextState();
// Does `stream` exist (any context)?
CW_EXPORT bool isStream(void* stream);
// Appends work of a library to a stream of the calling thread's context, blocking while its queue is full. The ranges are
// checked when it is executed; one that is not mapped memory is a breach and loses the context.
// It takes `minimumNs` at least.
CW_EXPORT CUresult submit(void* stream, const char* name, std::vector<Range> ranges, std::function<void()> run, int64_t minimumNs = 0);
// Device memory that a library takes for itself.
CW_EXPORT CUresult takeMemory(size_t bytes, void** memory);
CW_EXPORT void giveMemory(void* memory);
// A value no handle has had before. `tag` tells kinds apart.
CW_EXPORT uint64_t newHandle(unsigned tag);

}  // namespace cw
