// The driver's state: devices, contexts, handles, and the guard that each entry point opens with.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "../common/standin.h"

#define API extern "C" CW_EXPORT CUresult

namespace cw {

// What a test sets before cuInit (see control.cpp for the names).
struct Settings {
    std::atomic<int64_t> devices{1};
    std::atomic<int64_t> memoryBytes{1LL << 30};
    std::atomic<int64_t> queueEntries{1024};
    std::atomic<int64_t> poison{1};               // fresh memory is full of NaN
    std::atomic<int64_t> copyBytesPerSecond{0};   // 0: as fast as memory
    std::atomic<int64_t> computeCapability{70};
    std::atomic<int64_t> races{0};                // work of two streams on the same memory that no event orders is a breach
    std::atomic<int64_t> compute{1};              // 0: kernels and libraries' functions are checked and take their latency, no more
};
extern Settings settings;

// A table from handles to objects. Handles are never used again, so that a stale one is recognised.
template <typename T>
class Handles {
public:
    explicit Handles(unsigned tag) : tag_(tag) {}

    uint64_t add(std::shared_ptr<T> object) {
        const uint64_t handle = newHandle(tag_);
        const std::lock_guard<std::mutex> hold(lock_);
        objects_.emplace(handle, std::move(object));
        return handle;
    }

    std::shared_ptr<T> find(uint64_t handle) {
        const std::lock_guard<std::mutex> hold(lock_);
        const auto at = objects_.find(handle);
        return at == objects_.end() ? nullptr : at->second;
    }

    std::shared_ptr<T> remove(uint64_t handle) {
        const std::lock_guard<std::mutex> hold(lock_);
        const auto at = objects_.find(handle);
        if (at == objects_.end()) {
            return nullptr;
        }
        std::shared_ptr<T> object = std::move(at->second);
        objects_.erase(at);
        return object;
    }

    std::vector<std::pair<uint64_t, std::shared_ptr<T>>> all() {
        const std::lock_guard<std::mutex> hold(lock_);
        return {objects_.begin(), objects_.end()};
    }

private:
    const unsigned tag_;
    std::mutex lock_;
    std::unordered_map<uint64_t, std::shared_ptr<T>> objects_;
};

struct Stream;

struct Context {
    explicit Context(CUdevice ordinal) : device(ordinal) {}
    const CUdevice device;
    uint64_t handle = 0;
    std::atomic<int> lost{0};      // the error that all calls return from now on
    std::atomic<bool> destroyed{false};
    std::mutex submitting;         // held by who appends to a queue, also while it waits for room
    std::shared_ptr<Stream> legacy;
    std::mutex legacyLock;
};

struct Device {
    std::shared_ptr<Context> primary;
    int primaryUsers = 0;
    int lost = 0;  // set: the device is gone for good
};

Handles<Context>& contexts();
std::shared_ptr<Context> currentContext();
bool isInitialised();
// Marks a context lost, as after a fault on the device; the first reason stays.
void lose(Context& context, int error);
// Gives back what a context still holds when it ends, and counts it as leaked unless the context was lost.
void releaseStreams(const std::shared_ptr<Context>& context);
void releaseMemory(const std::shared_ptr<Context>& context);
void releaseModules(const std::shared_ptr<Context>& context);
void releaseGraphs(const std::shared_ptr<Context>& context);
// Does the calling thread capture a stream, or another one all calls? If so the capture is over, and the call is refused.
bool breaksCapture();

// Writes the breach down and gives the error.
CUresult refuse(CUresult error, const char* format, ...) __attribute__((format(printf, 2, 3)));

enum class Needs { NOTHING, DRIVER, CONTEXT };

// What a failed call leaves in its result: JCuda passes memory that it has not initialised, and hands on what is there.
template <typename T>
void clear(T* result) {
    if (result != nullptr) {
        *result = T{};
    }
}

// Opens an entry point: counts the call, injects faults and latency, checks what the function needs.
class Call {
public:
    Call(Function& f, Needs needs);
    CUresult result = CUDA_SUCCESS;
    std::shared_ptr<Context> context;
};

// Is the calling thread inside a host function of a stream, where no call is permitted?
extern thread_local bool inHostFunction;

int64_t nowNs();
void sleepUntilNs(int64_t ns);

}  // namespace cw

#define ENTER(needs) \
    static cw::Function& thisFunction = cw::function(__func__); \
    cw::Call call(thisFunction, cw::Needs::needs); \
    if (call.result != CUDA_SUCCESS) { \
        return call.result; \
    }
#define REQUIRE(condition, ...) \
    if (!(condition)) { \
        return cw::refuse(__VA_ARGS__); \
    }
