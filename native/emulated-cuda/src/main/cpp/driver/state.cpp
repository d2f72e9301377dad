// Counts, faults, latencies, breaches: what tests set and read.
#include "state.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <deque>
#include <set>

#include "control.h"

namespace cw {

Settings settings;
thread_local bool inHostFunction = false;

namespace {

// Never destroyed: threads of streams may outlive the end of main.
struct Records {
    std::mutex lock;
    std::map<std::string, std::unique_ptr<Function>> functions;
    std::deque<std::string> breaches;
    uint64_t breachCount = 0;
    std::atomic<int64_t> counts[static_cast<int>(Thing::NUMBER)]{};
    std::atomic<uint64_t> nextHandle{1};
};

Records& records() {
    static Records* const r = new Records;
    return *r;
}

constexpr size_t MOST_BREACHES = 200;

void write(const char* format, va_list arguments) {
    char text[512];
    std::vsnprintf(text, sizeof text, format, arguments);
    Records& r = records();
    const std::lock_guard<std::mutex> hold(r.lock);
    r.breachCount++;
    if (r.breaches.size() < MOST_BREACHES) {
        r.breaches.emplace_back(text);
    }
}

}  // namespace

void count(Thing thing, int64_t change) {
    records().counts[static_cast<int>(thing)] += change;
}

int64_t counted(Thing thing) {
    return records().counts[static_cast<int>(thing)];
}

namespace {

// What CUDA calls potentially unsafe: it allocates, waits, or asks whether work is done.
bool endsCapture(const std::string& name) {
    static const std::set<std::string> all{"cuMemAlloc_v2", "cuMemFree_v2", "cuMemHostAlloc", "cuMemFreeHost", "cuMemHostRegister_v2",
        "cuMemHostUnregister", "cuMemcpy", "cuMemcpyHtoD_v2", "cuMemcpyDtoH_v2", "cuMemcpyDtoD_v2", "cuMemsetD8_v2", "cuMemsetD32_v2",
        "cuModuleLoadData", "cuModuleLoadDataEx", "cuModuleUnload", "cuCtxSynchronize", "cuStreamSynchronize", "cuStreamQuery",
        "cuEventQuery", "cuEventSynchronize"};
    return all.count(name) > 0;
}

}  // namespace

Function& function(const char* name) {
    Records& r = records();
    const std::lock_guard<std::mutex> hold(r.lock);
    std::unique_ptr<Function>& f = r.functions[name];
    if (!f) {
        f = std::make_unique<Function>();
        f->name = name;
        f->endsCapture = endsCapture(name);
    }
    return *f;
}

std::vector<Function*> allFunctions() {
    Records& r = records();
    const std::lock_guard<std::mutex> hold(r.lock);
    std::vector<Function*> all;
    for (const auto& [name, f] : r.functions) {
        all.push_back(f.get());
    }
    return all;
}

int enter(Function& f) {
    const int64_t latencyNs = f.latencyNs;
    if (latencyNs > 0) {
        sleepUntilNs(nowNs() + latencyNs);
    }
    return enterAtOnce(f);
}

int enterAtOnce(Function& f) {
    const uint64_t number = ++f.calls;
    const uint64_t from = f.failFrom;
    if (from == 0 || number < from || number >= f.failUntil) {
        return 0;
    }
    const int error = f.failWith;
    if (f.sticky) {
        if (const std::shared_ptr<Context> context = currentContext()) {
            lose(*context, error);
        }
    }
    return error;
}

void breach(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write(format, arguments);
    va_end(arguments);
}

CUresult refuse(CUresult error, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write(format, arguments);
    va_end(arguments);
    return error;
}

std::vector<std::string> takeBreaches() {
    Records& r = records();
    const std::lock_guard<std::mutex> hold(r.lock);
    std::vector<std::string> all(r.breaches.begin(), r.breaches.end());
    if (r.breachCount > all.size()) {
        all.push_back("and " + std::to_string(r.breachCount - all.size()) + " more");
    }
    r.breaches.clear();
    r.breachCount = 0;
    return all;
}

uint64_t newHandle(unsigned tag) {
    return static_cast<uint64_t>(tag) << 40 | records().nextHandle++ << 4;
}

int64_t nowNs() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

void sleepUntilNs(int64_t ns) {
    timespec t;
    t.tv_sec = ns / 1000000000LL;
    t.tv_nsec = ns % 1000000000LL;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
    }
}

}  // namespace cw
