// Device memory: allocations, and the virtual memory calls.
#include "memory.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <shared_mutex>
#include <sys/mman.h>
#include <unistd.h>

#include "stream.h"

namespace cw {
namespace {

constexpr size_t ARENA_BYTES = 16ULL << 40;
constexpr size_t HOST_PAGE = 4096;
constexpr unsigned NAN_BITS = 0x7fc0dead;  // fresh memory

struct Block {  // physical memory
    uint64_t handle;
    CUdevice device;
    size_t bytes;
    off_t offset;  // in the memory file
    int mappings = 0;
    bool released = false;
    uint64_t context;
};

struct Segment {  // an allocation, or a block mapped somewhere
    uint64_t start;
    size_t bytes;
    std::shared_ptr<Block> block;  // null: an allocation
    CUdevice device;
    uint64_t context;
    std::vector<int> access;       // by device, of a mapping: 0 none, 1 read, 3 all
    bool library = false;
};

struct Reservation {
    uint64_t start;
    size_t bytes;
    uint64_t context;
};

struct Memory {
    std::shared_mutex lock;
    uint64_t arena = 0;
    uint64_t nextAddress = 0;
    int file = -1;
    off_t fileBytes = 0;
    std::map<uint64_t, Segment> segments;
    std::map<uint64_t, Reservation> reservations;
    std::map<uint64_t, std::shared_ptr<Block>> blocks;
    int64_t used[16] = {};

    Memory() {
        void* const at = mmap(nullptr, ARENA_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        file = memfd_create("cuda-stand-in", MFD_CLOEXEC);
        if (at == MAP_FAILED || file < 0) {
            std::abort();
        }
        arena = (reinterpret_cast<uint64_t>(at) + GRANULARITY - 1) / GRANULARITY * GRANULARITY;
        nextAddress = arena;
    }
};

Memory& memory() {
    static Memory* const m = new Memory;
    return *m;
}

size_t roundUp(size_t n, size_t to) {
    return (n + to - 1) / to * to;
}

void poison(void* at, size_t bytes) {
    if (settings.poison != 0) {
        std::fill_n(static_cast<unsigned*>(at), bytes / 4, NAN_BITS);
    }
}

void* pointer(uint64_t at) {
    return reinterpret_cast<void*>(at);
}

// Address space that nothing has ever had, with a gap behind it; 0 if the arena is used up.
uint64_t takeAddresses(Memory& m, size_t bytes, size_t alignment) {
    const uint64_t at = roundUp(m.nextAddress, std::max(alignment, GRANULARITY));
    if (at + bytes + GRANULARITY > m.arena + ARENA_BYTES - GRANULARITY) {
        return 0;
    }
    m.nextAddress = at + bytes + GRANULARITY;
    return at;
}

void forget(uint64_t at, size_t bytes) {
    mmap(pointer(at), bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

Segment* find(Memory& m, uint64_t at) {
    auto i = m.segments.upper_bound(at);
    if (i == m.segments.begin()) {
        return nullptr;
    }
    --i;
    return at < i->second.start + i->second.bytes ? &i->second : nullptr;
}

CUresult allocate(CUdevice device, uint64_t context, size_t bytes, bool library, uint64_t* result) {
    Memory& m = memory();
    const std::unique_lock<std::shared_mutex> hold(m.lock);
    const size_t charged = roundUp(bytes, ALLOCATION_ALIGNMENT);
    if (m.used[device] + static_cast<int64_t>(charged) > settings.memoryBytes) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    // The end of the allocation lies at the end of a host page, so that what runs past it faults.
    const size_t pages = roundUp(charged, HOST_PAGE);
    const uint64_t at = takeAddresses(m, pages, 0);
    if (at == 0 || mprotect(pointer(at), pages, PROT_READ | PROT_WRITE) != 0) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    poison(pointer(at), pages);
    const uint64_t start = at + pages - charged;
    m.segments[start] = {start, bytes, nullptr, device, context, {}, library};
    m.used[device] += static_cast<int64_t>(charged);
    if (!library) {
        count(Thing::ALLOCATIONS, 1);
        count(Thing::DEVICE_BYTES, static_cast<int64_t>(bytes));
    }
    *result = start;
    return CUDA_SUCCESS;
}

void discard(Memory& m, uint64_t start) {
    const Segment s = m.segments[start];
    const size_t charged = roundUp(s.bytes, ALLOCATION_ALIGNMENT);
    m.segments.erase(start);
    m.used[s.device] -= static_cast<int64_t>(charged);
    forget(start / HOST_PAGE * HOST_PAGE, roundUp(charged, HOST_PAGE));
    if (!s.library) {
        count(Thing::ALLOCATIONS, -1);
        count(Thing::DEVICE_BYTES, -static_cast<int64_t>(s.bytes));
    }
}

void dropIfUnused(Memory& m, const std::shared_ptr<Block>& block) {
    if (block->released && block->mappings == 0) {
        fallocate(m.file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, block->offset, static_cast<off_t>(block->bytes));
        m.used[block->device] -= static_cast<int64_t>(block->bytes);
        m.blocks.erase(block->handle);
    }
}

void release(Memory& m, const std::shared_ptr<Block>& block) {
    block->released = true;
    count(Thing::PHYSICAL_BLOCKS, -1);
    count(Thing::DEVICE_BYTES, -static_cast<int64_t>(block->bytes));
    dropIfUnused(m, block);
}

void unmap(Memory& m, uint64_t start) {
    const Segment s = m.segments[start];
    m.segments.erase(start);
    forget(s.start, s.bytes);
    s.block->mappings--;
    count(Thing::MAPPINGS, -1);
    dropIfUnused(m, s.block);
}

// The mappings that cover [at, at + bytes) exactly; empty if there are none such.
std::vector<uint64_t> mappingsOf(Memory& m, uint64_t at, size_t bytes) {
    std::vector<uint64_t> starts;
    uint64_t next = at;
    while (next < at + bytes) {
        const auto i = m.segments.find(next);
        if (i == m.segments.end() || !i->second.block || i->second.start + i->second.bytes > at + bytes) {
            return {};
        }
        starts.push_back(next);
        next += i->second.bytes;
    }
    return starts;
}

// Says it if something that has been submitted still uses the memory.
void warnOfUse(const char* what, uint64_t at, size_t bytes) {
    for (const auto& [handle, context] : contexts().all()) {
        for (const std::shared_ptr<Stream>& stream : streamsOf(*context)) {
            const std::string user = stream->user(pointer(at), bytes);
            if (!user.empty()) {
                breach("%s: memory at %#lx is in use by %s", what, at, user.c_str());
                return;
            }
        }
    }
}

}  // namespace

bool isDeviceAddress(uint64_t at) {
    const Memory& m = memory();
    return at >= m.arena && at < m.arena + ARENA_BYTES - GRANULARITY;
}

bool isDeviceAddress(const void* at) {
    return isDeviceAddress(reinterpret_cast<uint64_t>(at));
}

std::string whatIsWrong(CUdevice device, const void* at, size_t bytes, bool write) {
    const auto first = reinterpret_cast<uint64_t>(at);
    if (!isDeviceAddress(first)) {
        return pinned(at, bytes) == Pinned::WHOLE ? "" : "is not device memory";
    }
    Memory& m = memory();
    const std::shared_lock<std::shared_mutex> hold(m.lock);
    uint64_t next = first;
    do {
        const Segment* const s = find(m, next);
        if (s == nullptr) {
            return next == first ? "is not mapped (freed, unmapped or never allocated)" : "runs past the end of its memory";
        }
        if (!s->block) {
            if (s->device != device) {
                return "belongs to another device";
            }
            return first + bytes <= s->start + s->bytes && first >= s->start ? "" : "runs past the end of its allocation";
        }
        const int access = s->access.empty() ? 0 : s->access[static_cast<size_t>(device)];
        if (access == 0) {
            return "is mapped but without access (cuMemSetAccess)";
        }
        if (write && access == 1) {
            return "is mapped for reading only";
        }
        next = s->start + s->bytes;
    } while (next < first + bytes);
    return "";
}

Range segmentOf(const void* at) {
    Memory& m = memory();
    const std::shared_lock<std::shared_mutex> hold(m.lock);
    const Segment* const s = find(m, reinterpret_cast<uint64_t>(at));
    return s == nullptr ? Range{at, 0, true, ""} : Range{pointer(s->start), s->bytes, true, ""};
}

CUresult takeMemory(size_t bytes, void** result) {
    const std::shared_ptr<Context> context = currentContext();
    uint64_t at = 0;
    const CUresult r = context ? allocate(context->device, context->handle, bytes, true, &at) : CUDA_ERROR_INVALID_CONTEXT;
    *result = pointer(at);
    return r;
}

void giveMemory(void* at) {
    Memory& m = memory();
    const std::unique_lock<std::shared_mutex> hold(m.lock);
    if (m.segments.count(reinterpret_cast<uint64_t>(at)) != 0) {
        discard(m, reinterpret_cast<uint64_t>(at));
    }
}

void releaseDeviceMemory(const std::shared_ptr<Context>& context) {
    Memory& m = memory();
    const std::unique_lock<std::shared_mutex> hold(m.lock);
    std::vector<uint64_t> starts;
    for (const auto& [start, s] : m.segments) {
        if (s.context == context->handle) {
            starts.push_back(start);
        }
    }
    int leaked = 0;
    for (const uint64_t start : starts) {
        leaked += m.segments[start].library ? 0 : 1;
        if (m.segments[start].block) {
            unmap(m, start);
        } else {
            discard(m, start);
        }
    }
    std::vector<std::shared_ptr<Block>> blocks;
    for (const auto& [handle, block] : m.blocks) {
        if (block->context == context->handle && !block->released) {
            blocks.push_back(block);
        }
    }
    leaked += static_cast<int>(blocks.size());
    for (const std::shared_ptr<Block>& block : blocks) {
        release(m, block);
    }
    for (auto i = m.reservations.begin(); i != m.reservations.end();) {
        if (i->second.context == context->handle) {
            leaked++;
            count(Thing::RESERVATIONS, -1);
            i = m.reservations.erase(i);
        } else {
            ++i;
        }
    }
    if (leaked > 0 && !context->lost) {
        breach("context ended with %d allocations, mappings, blocks or reservations of device memory", leaked);
    }
}

}  // namespace cw

using namespace cw;

API cuMemGetInfo_v2(size_t* available, size_t* total) {
    ENTER(CONTEXT);
    Memory& m = memory();
    const std::shared_lock<std::shared_mutex> hold(m.lock);
    *total = static_cast<size_t>(settings.memoryBytes);
    *available = *total - static_cast<size_t>(m.used[call.context->device]);
    return CUDA_SUCCESS;
}

API cuMemAlloc_v2(CUdeviceptr* result, size_t bytes) {
    clear(result);
    ENTER(CONTEXT);
    REQUIRE(result != nullptr && bytes > 0, CUDA_ERROR_INVALID_VALUE, "cuMemAlloc: %zu bytes", bytes);
    uint64_t at = 0;
    const CUresult r = allocate(call.context->device, call.context->handle, bytes, false, &at);
    *result = at;
    return r;
}

API cuMemFree_v2(CUdeviceptr at) {
    ENTER(CONTEXT);
    if (at == 0) {
        return CUDA_SUCCESS;
    }
    Memory& m = memory();
    {
        const std::shared_lock<std::shared_mutex> hold(m.lock);
        const auto i = m.segments.find(at);
        REQUIRE(i != m.segments.end() && !i->second.block && !i->second.library, CUDA_ERROR_INVALID_VALUE,
            "cuMemFree: %#llx is not the start of an allocation (freed already?)", at);
    }
    awaitContext(*call.context);  // the real one waits, too
    const std::unique_lock<std::shared_mutex> hold(m.lock);
    if (m.segments.count(at) != 0) {
        discard(m, at);
    }
    return CUDA_SUCCESS;
}

API cuMemGetAddressRange_v2(CUdeviceptr* start, size_t* bytes, CUdeviceptr at) {
    ENTER(CONTEXT);
    Memory& m = memory();
    const std::shared_lock<std::shared_mutex> hold(m.lock);
    const Segment* const s = find(m, at);
    REQUIRE(s != nullptr, CUDA_ERROR_NOT_FOUND, "cuMemGetAddressRange: %#llx is not device memory", at);
    *start = s->start;
    *bytes = s->bytes;
    return CUDA_SUCCESS;
}

API cuMemGetAllocationGranularity(size_t* bytes, const CUmemAllocationProp* properties, int) {
    ENTER(DRIVER);
    REQUIRE(properties->type == 1 && properties->location.type == 1, CUDA_ERROR_INVALID_VALUE,
        "cuMemGetAllocationGranularity: only pinned memory on a device");
    *bytes = GRANULARITY;
    return CUDA_SUCCESS;
}

API cuMemCreate(CUmemGenericAllocationHandle* result, size_t bytes, const CUmemAllocationProp* properties, unsigned long long flags) {
    ENTER(CONTEXT);
    REQUIRE(flags == 0 && properties->type == 1 && properties->location.type == 1, CUDA_ERROR_INVALID_VALUE,
        "cuMemCreate: only pinned memory on a device");
    const int device = properties->location.id;
    REQUIRE(device >= 0 && device < settings.devices, CUDA_ERROR_INVALID_DEVICE, "cuMemCreate: no device %d", device);
    REQUIRE(bytes > 0 && bytes % GRANULARITY == 0, CUDA_ERROR_INVALID_VALUE, "cuMemCreate: %zu bytes is no multiple of 2 MiB", bytes);
    Memory& m = memory();
    const std::unique_lock<std::shared_mutex> hold(m.lock);
    if (m.used[device] + static_cast<int64_t>(bytes) > settings.memoryBytes) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    auto block = std::make_shared<Block>();
    block->handle = newHandle(0xb0);
    block->device = device;
    block->bytes = bytes;
    block->offset = m.fileBytes;
    block->context = call.context->handle;
    m.fileBytes += static_cast<off_t>(bytes);
    if (ftruncate(m.file, m.fileBytes) != 0) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    if (settings.poison != 0) {
        void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, m.file, block->offset);
        if (at == MAP_FAILED) {
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        poison(at, bytes);
        munmap(at, bytes);
    }
    m.used[device] += static_cast<int64_t>(bytes);
    m.blocks[block->handle] = block;
    count(Thing::PHYSICAL_BLOCKS, 1);
    count(Thing::DEVICE_BYTES, static_cast<int64_t>(bytes));
    *result = block->handle;
    return CUDA_SUCCESS;
}

API cuMemRelease(CUmemGenericAllocationHandle handle) {
    ENTER(CONTEXT);
    Memory& m = memory();
    const std::unique_lock<std::shared_mutex> hold(m.lock);
    const auto i = m.blocks.find(handle);
    REQUIRE(i != m.blocks.end() && !i->second->released, CUDA_ERROR_INVALID_VALUE, "cuMemRelease: no such memory (released already?)");
    const std::shared_ptr<Block> block = i->second;
    release(m, block);
    return CUDA_SUCCESS;
}

API cuMemAddressReserve(CUdeviceptr* result, size_t bytes, size_t alignment, CUdeviceptr, unsigned long long flags) {
    clear(result);
    ENTER(CONTEXT);
    REQUIRE(flags == 0 && bytes > 0 && bytes % GRANULARITY == 0, CUDA_ERROR_INVALID_VALUE,
        "cuMemAddressReserve: %zu bytes is no multiple of 2 MiB", bytes);
    REQUIRE((alignment & (alignment - 1)) == 0, CUDA_ERROR_INVALID_VALUE, "cuMemAddressReserve: alignment %zu is no power of two", alignment);
    Memory& m = memory();
    const std::unique_lock<std::shared_mutex> hold(m.lock);
    const uint64_t at = takeAddresses(m, bytes, alignment);
    if (at == 0) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    m.reservations[at] = {at, bytes, call.context->handle};
    count(Thing::RESERVATIONS, 1);
    *result = at;
    return CUDA_SUCCESS;
}

API cuMemAddressFree(CUdeviceptr at, size_t bytes) {
    ENTER(CONTEXT);
    Memory& m = memory();
    const std::unique_lock<std::shared_mutex> hold(m.lock);
    const auto i = m.reservations.find(at);
    REQUIRE(i != m.reservations.end() && i->second.bytes == bytes, CUDA_ERROR_INVALID_VALUE,
        "cuMemAddressFree: %#llx, %zu bytes is not a whole reservation", at, bytes);
    const auto mapped = m.segments.lower_bound(at);
    REQUIRE(mapped == m.segments.end() || mapped->first >= at + bytes, CUDA_ERROR_INVALID_VALUE,
        "cuMemAddressFree: %#lx is still mapped", mapped->first);
    m.reservations.erase(i);
    count(Thing::RESERVATIONS, -1);
    return CUDA_SUCCESS;
}

API cuMemMap(CUdeviceptr at, size_t bytes, size_t offset, CUmemGenericAllocationHandle handle, unsigned long long flags) {
    ENTER(CONTEXT);
    Memory& m = memory();
    const std::unique_lock<std::shared_mutex> hold(m.lock);
    REQUIRE(flags == 0 && offset == 0, CUDA_ERROR_INVALID_VALUE, "cuMemMap: offset and flags must be 0");
    REQUIRE(bytes > 0 && bytes % GRANULARITY == 0 && at % GRANULARITY == 0, CUDA_ERROR_INVALID_VALUE,
        "cuMemMap: %#llx, %zu bytes is not aligned to 2 MiB", at, bytes);
    const auto i = m.blocks.find(handle);
    REQUIRE(i != m.blocks.end() && !i->second->released, CUDA_ERROR_INVALID_VALUE, "cuMemMap: no such memory (released already?)");
    REQUIRE(bytes <= i->second->bytes, CUDA_ERROR_INVALID_VALUE, "cuMemMap: %zu bytes of memory that has %zu", bytes, i->second->bytes);
    auto r = m.reservations.upper_bound(at);
    REQUIRE(r != m.reservations.begin(), CUDA_ERROR_INVALID_VALUE, "cuMemMap: %#llx is not reserved", at);
    --r;
    REQUIRE(at + bytes <= r->second.start + r->second.bytes, CUDA_ERROR_INVALID_VALUE,
        "cuMemMap: %#llx, %zu bytes lies not in one reservation", at, bytes);
    const auto next = m.segments.lower_bound(at);
    REQUIRE(find(m, at) == nullptr && (next == m.segments.end() || next->first >= at + bytes), CUDA_ERROR_INVALID_VALUE,
        "cuMemMap: %#llx is mapped already", at);
    if (mmap(pointer(at), bytes, PROT_NONE, MAP_SHARED | MAP_FIXED, m.file, i->second->offset) == MAP_FAILED) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    i->second->mappings++;
    m.segments[at] = {at, bytes, i->second, i->second->device, r->second.context, {}, false};
    count(Thing::MAPPINGS, 1);
    return CUDA_SUCCESS;
}

API cuMemUnmap(CUdeviceptr at, size_t bytes) {
    ENTER(CONTEXT);
    warnOfUse("cuMemUnmap", at, bytes);
    Memory& m = memory();
    const std::unique_lock<std::shared_mutex> hold(m.lock);
    const std::vector<uint64_t> starts = mappingsOf(m, at, bytes);
    REQUIRE(!starts.empty(), CUDA_ERROR_INVALID_VALUE, "cuMemUnmap: %#llx, %zu bytes is not a row of whole mappings", at, bytes);
    for (const uint64_t start : starts) {
        unmap(m, start);
    }
    return CUDA_SUCCESS;
}

API cuMemSetAccess(CUdeviceptr at, size_t bytes, const CUmemAccessDesc* descriptions, size_t number) {
    ENTER(CONTEXT);
    Memory& m = memory();
    const std::unique_lock<std::shared_mutex> hold(m.lock);
    const std::vector<uint64_t> starts = mappingsOf(m, at, bytes);
    REQUIRE(!starts.empty(), CUDA_ERROR_INVALID_VALUE, "cuMemSetAccess: %#llx, %zu bytes is not a row of whole mappings", at, bytes);
    for (size_t d = 0; d < number; d++) {
        const CUmemAccessDesc& description = descriptions[d];
        REQUIRE(description.location.type == 1 && description.location.id >= 0 && description.location.id < settings.devices
                && (description.flags == 0 || description.flags == 1 || description.flags == 3),
            CUDA_ERROR_INVALID_VALUE, "cuMemSetAccess: wrong description");
        for (const uint64_t start : starts) {
            Segment& s = m.segments[start];
            s.access.resize(16);
            s.access[static_cast<size_t>(description.location.id)] = description.flags;
            const int most = *std::max_element(s.access.begin(), s.access.end());
            mprotect(pointer(s.start), s.bytes, most == 0 ? PROT_NONE : most == 1 ? PROT_READ : PROT_READ | PROT_WRITE);
        }
    }
    return CUDA_SUCCESS;
}

API cuMemGetAccess(unsigned long long* flags, const CUmemLocation* location, CUdeviceptr at) {
    ENTER(CONTEXT);
    Memory& m = memory();
    const std::shared_lock<std::shared_mutex> hold(m.lock);
    const Segment* const s = find(m, at);
    REQUIRE(s != nullptr && s->block && location->id >= 0 && location->id < 16, CUDA_ERROR_INVALID_VALUE, "cuMemGetAccess: %#llx is not mapped", at);
    *flags = s->access.empty() ? 0 : static_cast<unsigned long long>(s->access[static_cast<size_t>(location->id)]);
    return CUDA_SUCCESS;
}
