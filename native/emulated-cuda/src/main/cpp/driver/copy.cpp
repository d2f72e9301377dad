// Copies and fills. Asynchronous ones from or to host memory that is not pinned wait until they are done.
#include <algorithm>
#include <cstring>

#include "memory.h"
#include "stream.h"

using namespace cw;

namespace {

int64_t copyNs(size_t bytes) {
    const int64_t rate = settings.copyBytesPerSecond;
    return rate <= 0 ? 0 : static_cast<int64_t>(static_cast<double>(bytes) / static_cast<double>(rate) * 1e9);
}

// What the driver checks when a copy is submitted; it is checked again when it is executed.
CUresult check(const Call& call, const char* function, const void* at, size_t bytes, bool write) {
    REQUIRE(isDeviceAddress(at), CUDA_ERROR_INVALID_VALUE, "%s: %p is not device memory", function, at);
    const std::string wrong = whatIsWrong(call.context->device, at, bytes, write);
    REQUIRE(wrong.empty(), CUDA_ERROR_INVALID_VALUE, "%s: %p, %zu bytes, %s", function, at, bytes, wrong.c_str());
    return CUDA_SUCCESS;
}

struct Copy {
    const char* function;
    void* to;
    const void* from;
    size_t bytes;
    bool toDevice;
    bool fromDevice;
};

CUresult copy(const Call& call, const Copy& c, CUstream streamHandle, bool synchronous) {
    static Function& kind = function("execute:copy");
    const std::shared_ptr<Stream> stream = streamOf(call, streamHandle, c.function);
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (c.bytes == 0) {
        return CUDA_SUCCESS;
    }
    REQUIRE(c.to != nullptr && c.from != nullptr, CUDA_ERROR_INVALID_VALUE, "%s: null pointer", c.function);
    bool wait = synchronous;
    std::vector<Range> ranges;
    const struct Side {
        bool device;
        const void* at;
        bool write;
    } sides[] = {{c.toDevice, c.to, true}, {c.fromDevice, c.from, false}};
    for (const Side& side : sides) {
        if (side.device) {
            const CUresult r = check(call, c.function, side.at, c.bytes, side.write);
            if (r != CUDA_SUCCESS) {
                return r;
            }
            ranges.push_back({side.at, c.bytes, side.write, side.write ? "target" : "source"});
            continue;
        }
        REQUIRE(!isDeviceAddress(side.at), CUDA_ERROR_INVALID_VALUE, "%s: %p is device memory, not host memory", c.function, side.at);
        switch (pinned(side.at, c.bytes)) {
            case Pinned::WHOLE: break;
            case Pinned::NONE: wait = true; break;
            case Pinned::PARTLY:
                return refuse(CUDA_ERROR_INVALID_VALUE, "%s: %p, %zu bytes runs past the end of pinned memory", c.function, side.at, c.bytes);
        }
    }
    REQUIRE(!wait || synchronous || !isCaptured(*stream), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
        "%s: a copy of memory that is not pinned can't be captured", c.function);
    Mark mark;
    const CUresult r = submitTo(stream,
        {&kind, c.function, std::move(ranges), [to = c.to, from = c.from, bytes = c.bytes] { std::memmove(to, from, bytes); }, {}, copyNs(c.bytes)},
        &mark);
    if (wait && r == CUDA_SUCCESS) {
        if (!synchronous) {
            ++function("pageable copies").calls;
        }
        mark.stream->awaitNumber(mark.number);
        return static_cast<CUresult>(call.context->lost.load());
    }
    return r;
}

template <typename T>
CUresult fill(const Call& call, const char* name, CUdeviceptr at, T value, size_t number, CUstream streamHandle, bool synchronous) {
    static Function& kind = function("execute:copy");
    const std::shared_ptr<Stream> stream = streamOf(call, streamHandle, name);
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (number == 0) {
        return CUDA_SUCCESS;
    }
    REQUIRE(at % sizeof(T) == 0, CUDA_ERROR_INVALID_VALUE, "%s: %#llx is not aligned", name, at);
    T* const target = reinterpret_cast<T*>(at);
    const CUresult r = check(call, name, target, number * sizeof(T), true);
    if (r != CUDA_SUCCESS) {
        return r;
    }
    Mark mark;
    const CUresult submitted = submitTo(stream, {&kind, name, {{target, number * sizeof(T), true, "target"}}, [=] { std::fill_n(target, number, value); }, {}, 0}, &mark);
    if (!synchronous || submitted != CUDA_SUCCESS) {
        return submitted;
    }
    mark.stream->awaitNumber(mark.number);
    return static_cast<CUresult>(call.context->lost.load());
}

void* device(CUdeviceptr at) {
    return reinterpret_cast<void*>(at);
}

}  // namespace

API cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, CUstream stream) {
    ENTER(CONTEXT);
    return copy(call, {"cuMemcpyHtoDAsync", device(to), from, bytes, true, false}, stream, false);
}

API cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, CUstream stream) {
    ENTER(CONTEXT);
    return copy(call, {"cuMemcpyDtoHAsync", to, device(from), bytes, false, true}, stream, false);
}

API cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
    ENTER(CONTEXT);
    return copy(call, {"cuMemcpyDtoDAsync", device(to), device(from), bytes, true, true}, stream, false);
}

API cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
    ENTER(CONTEXT);
    return copy(call, {"cuMemcpyHtoD", device(to), from, bytes, true, false}, nullptr, true);
}

API cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes) {
    ENTER(CONTEXT);
    return copy(call, {"cuMemcpyDtoH", to, device(from), bytes, false, true}, nullptr, true);
}

API cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
    ENTER(CONTEXT);
    return copy(call, {"cuMemcpyDtoD", device(to), device(from), bytes, true, true}, nullptr, false);
}

API cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
    ENTER(CONTEXT);
    return copy(call, {"cuMemcpyAsync", device(to), device(from), bytes, isDeviceAddress(to), isDeviceAddress(from)}, stream, false);
}

API cuMemcpy(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
    ENTER(CONTEXT);
    return copy(call, {"cuMemcpy", device(to), device(from), bytes, isDeviceAddress(to), isDeviceAddress(from)}, nullptr, true);
}

API cuMemsetD8Async(CUdeviceptr at, unsigned char value, size_t number, CUstream stream) {
    ENTER(CONTEXT);
    return fill(call, "cuMemsetD8Async", at, value, number, stream, false);
}

API cuMemsetD16Async(CUdeviceptr at, unsigned short value, size_t number, CUstream stream) {
    ENTER(CONTEXT);
    return fill(call, "cuMemsetD16Async", at, value, number, stream, false);
}

API cuMemsetD32Async(CUdeviceptr at, unsigned value, size_t number, CUstream stream) {
    ENTER(CONTEXT);
    return fill(call, "cuMemsetD32Async", at, value, number, stream, false);
}

API cuMemsetD8_v2(CUdeviceptr at, unsigned char value, size_t number) {
    ENTER(CONTEXT);
    return fill(call, "cuMemsetD8", at, value, number, nullptr, true);
}

API cuMemsetD16_v2(CUdeviceptr at, unsigned short value, size_t number) {
    ENTER(CONTEXT);
    return fill(call, "cuMemsetD16", at, value, number, nullptr, true);
}

API cuMemsetD32_v2(CUdeviceptr at, unsigned value, size_t number) {
    ENTER(CONTEXT);
    return fill(call, "cuMemsetD32", at, value, number, nullptr, true);
}
