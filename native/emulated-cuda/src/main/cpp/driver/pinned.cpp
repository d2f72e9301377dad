// Pinned host memory: allocated by the driver, or registered with it.
#include <cstdlib>
#include <map>

#include "memory.h"
#include "stream.h"

namespace cw {
namespace {

struct Region {
    size_t bytes;
    bool registered;
    uint64_t context;
    unsigned flags;
};

std::mutex regionLock;
std::map<uint64_t, Region>& regions() {
    static auto* const r = new std::map<uint64_t, Region>;
    return *r;
}

void counted(const Region& region, int change) {
    count(Thing::PINNED_BLOCKS, change);
    count(Thing::PINNED_BYTES, change * static_cast<int64_t>(region.bytes));
}

// Waits for all contexts: pinned memory may be in use by any of them.
void awaitAllContexts() {
    for (const auto& [handle, context] : contexts().all()) {
        awaitContext(*context);
    }
}

}  // namespace

Pinned pinned(const void* at, size_t bytes) {
    const auto first = reinterpret_cast<uint64_t>(at);
    const std::lock_guard<std::mutex> hold(regionLock);
    auto i = regions().upper_bound(first + bytes - (bytes > 0 ? 1 : 0));
    if (i == regions().begin()) {
        return Pinned::NONE;
    }
    --i;
    const uint64_t end = i->first + i->second.bytes;
    if (end <= first) {
        return Pinned::NONE;
    }
    return i->first <= first && first + bytes <= end ? Pinned::WHOLE : Pinned::PARTLY;
}

void releasePinnedMemory(const std::shared_ptr<Context>& context) {
    awaitAllContexts();
    const std::lock_guard<std::mutex> hold(regionLock);
    int leaked = 0;
    for (auto i = regions().begin(); i != regions().end();) {
        if (i->second.context != context->handle) {
            ++i;
            continue;
        }
        leaked++;
        counted(i->second, -1);
        if (!i->second.registered) {
            std::free(reinterpret_cast<void*>(i->first));
        }
        i = regions().erase(i);
    }
    if (leaked > 0 && !context->lost) {
        breach("context ended with %d blocks of pinned memory", leaked);
    }
}

void releaseDeviceMemory(const std::shared_ptr<Context>& context);

void releaseMemory(const std::shared_ptr<Context>& context) {
    releaseDeviceMemory(context);
    releasePinnedMemory(context);
}

namespace {

CUresult allocateHost(const Call& call, void** result, size_t bytes, unsigned flags) {
    REQUIRE(result != nullptr && bytes > 0 && flags <= 7, CUDA_ERROR_INVALID_VALUE, "cuMemHostAlloc: %zu bytes, flags %u", bytes, flags);
    void* const at = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (at == nullptr) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    const Region region{bytes, false, call.context->handle, flags};
    const std::lock_guard<std::mutex> hold(regionLock);
    regions()[reinterpret_cast<uint64_t>(at)] = region;
    counted(region, 1);
    *result = at;
    return CUDA_SUCCESS;
}

}  // namespace
}  // namespace cw

using namespace cw;

API cuMemHostAlloc(void** result, size_t bytes, unsigned flags) {
    clear(result);
    ENTER(CONTEXT);
    return allocateHost(call, result, bytes, flags);
}

API cuMemAllocHost_v2(void** result, size_t bytes) {
    clear(result);
    ENTER(CONTEXT);
    return allocateHost(call, result, bytes, 0);
}

API cuMemFreeHost(void* at) {
    ENTER(CONTEXT);
    {
        const std::lock_guard<std::mutex> hold(regionLock);
        const auto i = regions().find(reinterpret_cast<uint64_t>(at));
        REQUIRE(i != regions().end() && !i->second.registered, CUDA_ERROR_INVALID_VALUE,
            "cuMemFreeHost: %p is not the start of pinned memory (freed already?)", at);
    }
    awaitAllContexts();  // the real one waits, too
    const std::lock_guard<std::mutex> hold(regionLock);
    const auto i = regions().find(reinterpret_cast<uint64_t>(at));
    if (i != regions().end()) {
        counted(i->second, -1);
        regions().erase(i);
        std::free(at);
    }
    return CUDA_SUCCESS;
}

API cuMemHostRegister_v2(void* at, size_t bytes, unsigned flags) {
    ENTER(CONTEXT);
    REQUIRE(at != nullptr && bytes > 0, CUDA_ERROR_INVALID_VALUE, "cuMemHostRegister: nothing to register");
    REQUIRE(pinned(at, bytes) == Pinned::NONE, CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "cuMemHostRegister: %p is registered already", at);
    const Region region{bytes, true, call.context->handle, flags};
    const std::lock_guard<std::mutex> hold(regionLock);
    regions()[reinterpret_cast<uint64_t>(at)] = region;
    counted(region, 1);
    return CUDA_SUCCESS;
}

API cuMemHostUnregister(void* at) {
    ENTER(CONTEXT);
    {
        const std::lock_guard<std::mutex> hold(regionLock);
        const auto i = regions().find(reinterpret_cast<uint64_t>(at));
        REQUIRE(i != regions().end() && i->second.registered, CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED,
            "cuMemHostUnregister: %p is not registered", at);
    }
    awaitAllContexts();
    const std::lock_guard<std::mutex> hold(regionLock);
    const auto i = regions().find(reinterpret_cast<uint64_t>(at));
    if (i != regions().end()) {
        counted(i->second, -1);
        regions().erase(i);
    }
    return CUDA_SUCCESS;
}

API cuMemHostGetDevicePointer_v2(CUdeviceptr* result, void* at, unsigned flags) {
    ENTER(CONTEXT);
    REQUIRE(flags == 0 && pinned(at, 1) == Pinned::WHOLE, CUDA_ERROR_INVALID_VALUE, "cuMemHostGetDevicePointer: %p is not pinned", at);
    *result = reinterpret_cast<uint64_t>(at);
    return CUDA_SUCCESS;
}

API cuMemHostGetFlags(unsigned* flags, void* at) {
    ENTER(CONTEXT);
    const std::lock_guard<std::mutex> hold(regionLock);
    const auto i = regions().find(reinterpret_cast<uint64_t>(at));
    REQUIRE(i != regions().end(), CUDA_ERROR_INVALID_VALUE, "cuMemHostGetFlags: %p is not pinned", at);
    *flags = i->second.flags;
    return CUDA_SUCCESS;
}
