// Devices and contexts: initialisation, the primary context, each thread's stack of current contexts.
#include <cstdio>
#include <cstring>

#include "control.h"
#include "memory.h"
#include "stream.h"

namespace cw {
namespace {

std::atomic<bool> initialised{false};
std::mutex deviceLock;
Device devices[16];
thread_local std::vector<uint64_t> stack;

bool isDevice(CUdevice device) {
    return device >= 0 && device < settings.devices && device < 16;
}

void destroy(const std::shared_ptr<Context>& context) {
    awaitContext(*context);  // also of one that was lost: what runs at this moment still uses its memory
    context->destroyed = true;
    releaseStreams(context);
    releaseModules(context);
    releaseGraphs(context);
    releaseMemory(context);
    contexts().remove(context->handle);
    count(Thing::CONTEXTS, -1);
}

std::shared_ptr<Context> create(CUdevice device) {
    installFaultHandler();
    auto context = std::make_shared<Context>(device);
    context->handle = contexts().add(context);
    count(Thing::CONTEXTS, 1);
    return context;
}

}  // namespace

Handles<Context>& contexts() {
    static auto* const table = new Handles<Context>(0xc0);
    return *table;
}

std::shared_ptr<Context> currentContext() {
    return stack.empty() || stack.back() == 0 ? nullptr : contexts().find(stack.back());
}

bool isInitialised() {
    return initialised;
}

void lose(Context& context, int error) {
    int none = 0;
    context.lost.compare_exchange_strong(none, error);
}

void loseDevice(CUdevice device, int error) {
    const std::lock_guard<std::mutex> hold(deviceLock);
    if (device >= 0 && device < 16) {
        devices[device].lost = error;
    }
    for (const auto& [handle, context] : contexts().all()) {
        if (context->device == device) {
            lose(*context, error);
        }
    }
}

void restoreDevices() {
    const std::lock_guard<std::mutex> hold(deviceLock);
    for (Device& device : devices) {
        device.lost = 0;
    }
}

Call::Call(Function& f, Needs needs) {
    if (inHostFunction) {
        result = refuse(CUDA_ERROR_NOT_PERMITTED, "%s: called from a host function of a stream", f.name.c_str());
        return;
    }
    result = static_cast<CUresult>(enter(f));
    if (result != CUDA_SUCCESS || needs == Needs::NOTHING) {
        return;
    }
    if (!initialised) {
        result = refuse(CUDA_ERROR_NOT_INITIALIZED, "%s: cuInit has not been called", f.name.c_str());
        return;
    }
    if (needs == Needs::DRIVER) {
        return;
    }
    context = currentContext();
    if (!context) {
        result = refuse(CUDA_ERROR_INVALID_CONTEXT, "%s: the thread has no current context", f.name.c_str());
        return;
    }
    result = static_cast<CUresult>(context->lost.load());
    if (result == CUDA_SUCCESS && f.endsCapture && breaksCapture()) {
        result = refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "%s: not permitted while a stream is captured", f.name.c_str());
    }
}

CUresult contextState() {
    if (inHostFunction) {
        return refuse(CUDA_ERROR_NOT_PERMITTED, "a library was called from a host function of a stream");
    }
    const std::shared_ptr<Context> context = currentContext();
    if (!context) {
        return refuse(CUDA_ERROR_INVALID_CONTEXT, "a library was called by a thread without a current context");
    }
    return static_cast<CUresult>(context->lost.load());
}

}  // namespace cw

using namespace cw;

API cuInit(unsigned flags) {
    ENTER(NOTHING);
    REQUIRE(flags == 0, CUDA_ERROR_INVALID_VALUE, "cuInit: flags must be 0");
    initialised = true;
    return settings.devices == 0 ? CUDA_ERROR_NO_DEVICE : CUDA_SUCCESS;
}

API cuDriverGetVersion(int* version) {
    ENTER(NOTHING);
    *version = 12060;
    return CUDA_SUCCESS;
}

API cuDeviceGetCount(int* number) {
    ENTER(DRIVER);
    *number = static_cast<int>(settings.devices);
    return CUDA_SUCCESS;
}

API cuDeviceGet(CUdevice* device, int ordinal) {
    ENTER(DRIVER);
    REQUIRE(isDevice(ordinal), CUDA_ERROR_INVALID_DEVICE, "cuDeviceGet: no device %d", ordinal);
    *device = ordinal;
    return CUDA_SUCCESS;
}

API cuDeviceGetName(char* name, int length, CUdevice device) {
    ENTER(DRIVER);
    REQUIRE(isDevice(device), CUDA_ERROR_INVALID_DEVICE, "cuDeviceGetName: no device %d", device);
    std::snprintf(name, static_cast<size_t>(length), "CUDA stand-in (emulated, no GPU)");
    return CUDA_SUCCESS;
}

API cuDeviceGetUuid(unsigned char* uuid, CUdevice device) {
    ENTER(DRIVER);
    REQUIRE(isDevice(device), CUDA_ERROR_INVALID_DEVICE, "cuDeviceGetUuid: no device %d", device);
    std::memset(uuid, 0xee, 16);
    uuid[15] = static_cast<unsigned char>(device);
    return CUDA_SUCCESS;
}

API cuDeviceGetPCIBusId(char* id, int length, CUdevice device) {
    ENTER(DRIVER);
    REQUIRE(isDevice(device), CUDA_ERROR_INVALID_DEVICE, "cuDeviceGetPCIBusId: no device %d", device);
    std::snprintf(id, static_cast<size_t>(length), "0000:%02X:00.0", device + 1);
    return CUDA_SUCCESS;
}

API cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
    ENTER(DRIVER);
    REQUIRE(isDevice(device), CUDA_ERROR_INVALID_DEVICE, "cuDeviceTotalMem: no device %d", device);
    *bytes = static_cast<size_t>(settings.memoryBytes);
    return CUDA_SUCCESS;
}

API cuDeviceGetAttribute(int* value, int attribute, CUdevice device) {
    ENTER(DRIVER);
    REQUIRE(isDevice(device), CUDA_ERROR_INVALID_DEVICE, "cuDeviceGetAttribute: no device %d", device);
    switch (attribute) {
        case 1: case 2: case 3: *value = attribute == 3 ? 64 : 1024; break;          // threads per block, block x, y, z
        case 4: *value = 64; break;
        case 5: *value = 0x7fffffff; break;                                          // grid x, y, z
        case 6: case 7: *value = 65535; break;
        case 8: *value = 48 << 10; break;                                            // shared memory of a block
        case 10: *value = 32; break;                                                 // lanes of a warp
        case 13: *value = 1380000; break;                                            // clock, kHz
        case 14: *value = 512; break;                                                // texture alignment
        case 16: *value = 80; break;                                                 // multiprocessors
        case 31: case 35: case 40: case 41: case 78: *value = 1; break;              // concurrent kernels, ECC off, copies, unified addresses
        case 75: *value = static_cast<int>(settings.computeCapability / 10); break;
        case 76: *value = static_cast<int>(settings.computeCapability % 10); break;
        case 97: *value = 96 << 10; break;                                           // shared memory of a block, opt-in
        case 102: *value = 1; break;                                                 // virtual memory management
        default: *value = 0;
    }
    if (attribute == 2) {
        *value = 1024;
    }
    return CUDA_SUCCESS;
}

API cuDevicePrimaryCtxRetain(CUcontext* result, CUdevice device) {
    ENTER(DRIVER);
    REQUIRE(isDevice(device), CUDA_ERROR_INVALID_DEVICE, "cuDevicePrimaryCtxRetain: no device %d", device);
    const std::lock_guard<std::mutex> hold(deviceLock);
    Device& d = devices[device];
    if (d.lost != 0) {
        return CUDA_ERROR_DEVICE_UNAVAILABLE;
    }
    if (d.primaryUsers++ == 0) {
        d.primary = create(device);
    }
    *result = reinterpret_cast<CUcontext>(d.primary->handle);
    return CUDA_SUCCESS;
}

API cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    ENTER(DRIVER);
    REQUIRE(isDevice(device), CUDA_ERROR_INVALID_DEVICE, "cuDevicePrimaryCtxRelease: no device %d", device);
    std::shared_ptr<Context> ended;
    {
        const std::lock_guard<std::mutex> hold(deviceLock);
        Device& d = devices[device];
        REQUIRE(d.primaryUsers > 0, CUDA_ERROR_INVALID_CONTEXT, "cuDevicePrimaryCtxRelease: not retained");
        if (--d.primaryUsers == 0) {
            ended = std::move(d.primary);
        }
    }
    if (ended) {
        destroy(ended);
    }
    return CUDA_SUCCESS;
}

API cuDevicePrimaryCtxReset_v2(CUdevice device) {
    ENTER(DRIVER);
    REQUIRE(isDevice(device), CUDA_ERROR_INVALID_DEVICE, "cuDevicePrimaryCtxReset: no device %d", device);
    std::shared_ptr<Context> ended;
    {
        const std::lock_guard<std::mutex> hold(deviceLock);
        ended = std::move(devices[device].primary);
        devices[device].primaryUsers = 0;
    }
    if (ended) {
        destroy(ended);
    }
    return CUDA_SUCCESS;
}

API cuDevicePrimaryCtxGetState(CUdevice device, unsigned* flags, int* active) {
    ENTER(DRIVER);
    REQUIRE(isDevice(device), CUDA_ERROR_INVALID_DEVICE, "cuDevicePrimaryCtxGetState: no device %d", device);
    const std::lock_guard<std::mutex> hold(deviceLock);
    *flags = 0;
    *active = devices[device].primaryUsers > 0;
    return CUDA_SUCCESS;
}

API cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned) {
    ENTER(DRIVER);
    REQUIRE(isDevice(device), CUDA_ERROR_INVALID_DEVICE, "cuDevicePrimaryCtxSetFlags: no device %d", device);
    return CUDA_SUCCESS;
}

API cuCtxCreate_v2(CUcontext* result, unsigned, CUdevice device) {
    ENTER(DRIVER);
    REQUIRE(isDevice(device), CUDA_ERROR_INVALID_DEVICE, "cuCtxCreate: no device %d", device);
    const std::lock_guard<std::mutex> hold(deviceLock);
    if (devices[device].lost != 0) {
        return CUDA_ERROR_DEVICE_UNAVAILABLE;
    }
    const std::shared_ptr<Context> context = create(device);
    stack.push_back(context->handle);
    *result = reinterpret_cast<CUcontext>(context->handle);
    return CUDA_SUCCESS;
}

API cuCtxDestroy_v2(CUcontext handle) {
    ENTER(DRIVER);
    const std::shared_ptr<Context> context = contexts().find(reinterpret_cast<uint64_t>(handle));
    REQUIRE(context, CUDA_ERROR_INVALID_CONTEXT, "cuCtxDestroy: no such context");
    if (!stack.empty() && stack.back() == context->handle) {
        stack.pop_back();
    }
    destroy(context);
    return CUDA_SUCCESS;
}

API cuCtxSetCurrent(CUcontext handle) {
    ENTER(DRIVER);
    const auto value = reinterpret_cast<uint64_t>(handle);
    REQUIRE(value == 0 || contexts().find(value), CUDA_ERROR_INVALID_CONTEXT, "cuCtxSetCurrent: no such context");
    if (!stack.empty()) {
        stack.pop_back();
    }
    if (value != 0) {
        stack.push_back(value);
    }
    return CUDA_SUCCESS;
}

API cuCtxGetCurrent(CUcontext* handle) {
    ENTER(DRIVER);
    *handle = reinterpret_cast<CUcontext>(stack.empty() ? 0 : stack.back());
    return CUDA_SUCCESS;
}

API cuCtxPushCurrent_v2(CUcontext handle) {
    ENTER(DRIVER);
    const auto value = reinterpret_cast<uint64_t>(handle);
    REQUIRE(contexts().find(value), CUDA_ERROR_INVALID_CONTEXT, "cuCtxPushCurrent: no such context");
    stack.push_back(value);
    return CUDA_SUCCESS;
}

API cuCtxPopCurrent_v2(CUcontext* handle) {
    ENTER(DRIVER);
    REQUIRE(!stack.empty(), CUDA_ERROR_INVALID_CONTEXT, "cuCtxPopCurrent: the thread has no current context");
    if (handle != nullptr) {
        *handle = reinterpret_cast<CUcontext>(stack.back());
    }
    stack.pop_back();
    return CUDA_SUCCESS;
}

API cuCtxGetDevice(CUdevice* device) {
    ENTER(CONTEXT);
    *device = call.context->device;
    return CUDA_SUCCESS;
}

API cuCtxGetFlags(unsigned* flags) {
    ENTER(CONTEXT);
    *flags = 0;
    return CUDA_SUCCESS;
}

API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
    ENTER(CONTEXT);
    if (least != nullptr) {
        *least = 0;
    }
    if (greatest != nullptr) {
        *greatest = -5;
    }
    return CUDA_SUCCESS;
}

API cuCtxSynchronize() {
    ENTER(CONTEXT);
    awaitContext(*call.context);
    return static_cast<CUresult>(call.context->lost.load());
}
