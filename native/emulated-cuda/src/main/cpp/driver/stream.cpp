// Streams and their threads.
#include "stream.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <thread>

#include "control.h"
#include "memory.h"

namespace cw {
namespace {

// Streams whose thread runs. That of a destroyed stream first finishes what the stream was given, so what waits for a context
// waits for those, too.
struct Threads {
    std::mutex lock;
    std::condition_variable ended;
    std::map<uint64_t, std::weak_ptr<Stream>> running;  // by serial number
};

Threads& threads() {
    static auto* const t = new Threads;
    return *t;
}

Handles<Stream>& streams() {
    static auto* const table = new Handles<Stream>(0x51);
    return *table;
}

}  // namespace

Stream::Stream(std::shared_ptr<Context> owner, bool isNonBlocking)
    : context(std::move(owner)), nonBlocking(isNonBlocking), serial(newHandle(0)) {}

void Stream::start() {
    {
        const std::lock_guard<std::mutex> hold(threads().lock);
        threads().running[serial] = weak_from_this();
    }
    std::thread([self = shared_from_this(), number = serial]() mutable {
        pthread_setname_np(pthread_self(), "cuda-stand-in");
        prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
        self->work();
        self.reset();
        const std::lock_guard<std::mutex> hold(threads().lock);
        threads().running.erase(number);
        threads().ended.notify_all();
    }).detach();
}

void Stream::work() {
    std::unique_lock<std::mutex> hold(lock_);
    for (;;) {
        while (queue_.empty() && !stopping_) {
            asleep_ = true;
            arrived_.wait(hold);
            asleep_ = false;
        }
        if (queue_.empty()) {
            return;
        }
        Operation& operation = queue_.front();
        hold.unlock();
        execute(operation);
        hold.lock();
        Operation finished = std::move(queue_.front());
        queue_.pop_front();
        done_ = done_ + 1;
        room_.notify_all();
        if (waiters_ > 0) {
            completed_.notify_all();
        }
        hold.unlock();
        finished = Operation();  // what it held is let go without the lock
        hold.lock();
    }
}

namespace {

// Kernels and functions of libraries can be left out: see "compute" in control.cpp.
bool isDone(const Operation& operation) {
    static const Function& copy = function("execute:copy");
    return settings.compute != 0 || operation.kind == nullptr || operation.kind == &copy;
}

}  // namespace

int Stream::run(Operation& operation) {
    if (operation.kind == nullptr) {
        operation.run();
        return 0;
    }
    static std::mutex kernelLock;  // kernels of all streams take turns: see grid.h
    std::unique_lock<std::mutex> hold(kernelLock, std::defer_lock);
    if (operation.isKernel) {
        hold.lock();
    }
    return runGuarded(operation.run, operation.name.c_str());
}

void Stream::execute(Operation& operation) {
    for (const Mark& mark : operation.after) {
        mark.stream->awaitNumber(mark.number);
    }
    if (context->lost) {
        return;
    }
    const int64_t startNs = nowNs();
    if (operation.kind != nullptr) {
        Function& kind = *operation.kind;
        const uint64_t number = ++kind.calls;
        if (number >= kind.failFrom && kind.failFrom != 0 && number < kind.failUntil) {
            lose(*context, kind.failWith);
            return;
        }
        for (const Range& range : operation.ranges) {
            const std::string wrong = whatIsWrong(context->device, range.at, range.bytes, range.write);
            if (!wrong.empty()) {
                breach("%s: %s at %p, %zu bytes, %s", operation.name.c_str(), range.what, range.at, range.bytes, wrong.c_str());
                lose(*context, CUDA_ERROR_ILLEGAL_ADDRESS);
                return;
            }
        }
    }
    if (operation.run && isDone(operation)) {
        const int error = run(operation);
        if (error != 0) {
            lose(*context, error);
            return;
        }
    }
    const int64_t least = std::max(operation.minimumNs, operation.kind == nullptr ? 0 : operation.kind->latencyNs.load());
    if (least > 0 && nowNs() - startNs < least) {
        sleepUntilNs(startNs + least);
    }
}

uint64_t Stream::append(Operation operation) {
    std::unique_lock<std::mutex> hold(lock_);
    while (static_cast<int64_t>(queue_.size()) >= settings.queueEntries) {
        room_.wait(hold);
    }
    queue_.push_back(std::move(operation));
    if (asleep_) {
        arrived_.notify_one();
    }
    return ++submitted_;
}

void Stream::awaitNumber(uint64_t number) {
    if (done_ >= number) {
        return;
    }
    std::unique_lock<std::mutex> hold(lock_);
    waiters_++;
    completed_.wait(hold, [&] { return done_ >= number; });
    waiters_--;
}

void Stream::awaitAll() {
    uint64_t number;
    {
        const std::lock_guard<std::mutex> hold(lock_);
        number = submitted_;
    }
    awaitNumber(number);
}

bool Stream::isIdle() {
    const std::lock_guard<std::mutex> hold(lock_);
    return done_ == submitted_;
}

void Stream::stop() {
    const std::lock_guard<std::mutex> hold(lock_);
    stopping_ = true;
    arrived_.notify_one();
}

std::string Stream::user(const void* at, size_t bytes) {
    const auto* const first = static_cast<const char*>(at);
    const std::lock_guard<std::mutex> hold(lock_);
    for (const Operation& operation : queue_) {
        for (const Range& range : operation.ranges) {
            const auto* const used = static_cast<const char*>(range.at);
            if (used < first + bytes && first < used + range.bytes) {
                return operation.name;
            }
        }
    }
    return {};
}

namespace {

bool overlap(const Range& a, const Range& b) {
    const auto* const atA = static_cast<const char*>(a.at);
    const auto* const atB = static_cast<const char*>(b.at);
    return atA < atB + b.bytes && atB < atA + a.bytes && (a.write || b.write);
}

void take(Clock& clock, const Clock& other) {
    for (const auto& [serial, number] : other) {
        uint64_t& own = clock[serial];
        own = std::max(own, number);
    }
}

}  // namespace

void Stream::findRaces(const Operation& operation, const Clock& known) {
    const auto at = known.find(serial);
    const uint64_t ordered = at == known.end() ? 0 : at->second;
    const std::lock_guard<std::mutex> hold(lock_);
    uint64_t number = submitted_ - queue_.size();
    for (const Operation& other : queue_) {
        if (++number <= ordered) {
            continue;
        }
        for (const Range& mine : operation.ranges) {
            for (const Range& theirs : other.ranges) {
                if (overlap(mine, theirs)) {
                    breach("%s: uses memory at %p, as %s in another stream does, and no event orders them", operation.name.c_str(),
                        mine.at, other.name.c_str());
                    return;
                }
            }
        }
    }
}

void awaitStreamThreads() {
    // Only those of streams that have been destroyed end; the others are counted as streams.
    size_t expected = streams().all().size();
    for (const auto& [handle, context] : contexts().all()) {
        const std::lock_guard<std::mutex> hold(context->legacyLock);
        expected += context->legacy ? 1 : 0;
    }
    std::unique_lock<std::mutex> hold(threads().lock);
    threads().ended.wait_for(hold, std::chrono::seconds(10), [&] { return threads().running.size() <= expected; });
}

namespace {

std::shared_ptr<Stream> legacyStream(const std::shared_ptr<Context>& context) {
    const std::lock_guard<std::mutex> hold(context->legacyLock);
    if (!context->legacy) {
        context->legacy = std::make_shared<Stream>(context, false);
        context->legacy->start();
    }
    return context->legacy;
}

bool isLegacy(const Stream& stream) {
    return stream.handle == 0;
}

}  // namespace

bool isStream(void* stream) {
    const auto handle = reinterpret_cast<uint64_t>(stream);
    return handle <= STREAM_PER_THREAD || streams().find(handle) != nullptr;
}

std::shared_ptr<Stream> streamOf(const Call& call, CUstream stream, const char* function) {
    const auto handle = reinterpret_cast<uint64_t>(stream);
    if (handle <= STREAM_PER_THREAD) {
        return legacyStream(call.context);
    }
    std::shared_ptr<Stream> found = streams().find(handle);
    if (!found) {
        breach("%s: no such stream (destroyed?)", function);
    }
    return found;
}

namespace {

CUresult captured(Capture& capture, Operation operation) {
    const char* const name = operation.name.c_str();
    REQUIRE(!capture.invalid, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "%s: the capture of its stream has failed", name);
    if (!operation.after.empty()) {
        capture.invalid = true;
        return refuse(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "%s: of work that is not captured", name);
    }
    if (operation.kind == nullptr) {
        capture.invalid = true;
        return CUDA_ERROR_NOT_SUPPORTED;  // events and host functions in graphs are not there
    }
    capture.operations.push_back(std::move(operation));
    return CUDA_SUCCESS;
}

}  // namespace

bool isCaptured(Stream& stream) {
    const std::lock_guard<std::mutex> hold(stream.context->submitting);
    return stream.capture != nullptr;
}

CUresult submitTo(const std::shared_ptr<Stream>& stream, Operation operation, Mark* mark) {
    Context& context = *stream->context;
    const std::lock_guard<std::mutex> hold(context.submitting);
    if (stream->capture) {
        return captured(*stream->capture, std::move(operation));
    }
    // The default stream comes after everything in the context's blocking streams, and they after it.
    if (isLegacy(*stream)) {
        for (const std::shared_ptr<Stream>& other : streamsOf(context)) {
            if (other != stream && !other->nonBlocking && other->capture) {
                other->capture->invalid = true;
                return refuse(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "%s: in the default stream while a blocking one is captured",
                    operation.name.c_str());
            }
            if (other != stream && !other->nonBlocking && !other->isIdle()) {
                const uint64_t number = other->append({nullptr, "default stream", {}, nullptr, {}, 0});
                operation.after.push_back({other, number, nullptr});
            }
        }
    } else if (!stream->nonBlocking && context.legacy && !context.legacy->isIdle()) {
        operation.after.push_back({context.legacy, context.legacy->append({nullptr, "default stream", {}, nullptr, {}, 0}), nullptr});
    }
    if (settings.races != 0) {
        for (const Mark& after : operation.after) {
            stream->clock[after.stream->serial] = std::max(stream->clock[after.stream->serial], after.number);
            if (after.clock) {
                take(stream->clock, *after.clock);
            }
        }
        for (const std::shared_ptr<Stream>& other : streamsOf(context)) {
            if (other != stream && !operation.ranges.empty()) {
                other->findRaces(operation, stream->clock);
            }
        }
    }
    const uint64_t number = stream->append(std::move(operation));
    if (mark != nullptr) {
        *mark = {stream, number, settings.races == 0 ? nullptr : std::make_shared<const Clock>(stream->clock)};
    }
    return CUDA_SUCCESS;
}

std::vector<std::shared_ptr<Stream>> streamsOf(const Context& context) {
    const std::lock_guard<std::mutex> hold(threads().lock);
    std::vector<std::shared_ptr<Stream>> own;
    for (const auto& [number, running] : threads().running) {
        std::shared_ptr<Stream> stream = running.lock();
        if (stream && stream->context.get() == &context) {
            own.push_back(std::move(stream));
        }
    }
    return own;
}

void awaitContext(const Context& context) {
    for (const std::shared_ptr<Stream>& stream : streamsOf(context)) {
        stream->awaitAll();
    }
}

void releaseEvents(const std::shared_ptr<Context>& context);

void releaseStreams(const std::shared_ptr<Context>& context) {
    int leaked = 0;
    for (const auto& [handle, stream] : streams().all()) {
        if (stream->context == context) {
            leaked++;
            stream->stop();
            streams().remove(handle);
            count(Thing::STREAMS, -1);
        }
    }
    {
        const std::lock_guard<std::mutex> hold(context->legacyLock);
        if (context->legacy) {
            context->legacy->stop();
            context->legacy.reset();
        }
    }
    if (leaked > 0 && !context->lost) {
        breach("context ended with %d streams", leaked);
    }
    releaseEvents(context);
}

CUresult submit(void* handle, const char* name, std::vector<Range> ranges, std::function<void()> run, int64_t minimumNs) {
    static Function& kind = function("execute:library");
    static Function& caller = function("submit");
    Call call(caller, Needs::CONTEXT);
    if (call.result != CUDA_SUCCESS) {
        return call.result;
    }
    const std::shared_ptr<Stream> stream = streamOf(call, static_cast<CUstream>(handle), name);
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    REQUIRE(stream->context == call.context, CUDA_ERROR_INVALID_HANDLE, "%s: the stream belongs to another context", name);
    return submitTo(stream, {&kind, name, std::move(ranges), std::move(run), {}, minimumNs});
}

}  // namespace cw

using namespace cw;

namespace {

CUresult createStream(const Call& call, CUstream* result, unsigned flags, int priority) {
    REQUIRE(result != nullptr && flags <= 1, CUDA_ERROR_INVALID_VALUE, "cuStreamCreate: flags %u", flags);
    auto stream = std::make_shared<Stream>(call.context, flags == 1);
    stream->priority = std::max(-5, std::min(0, priority));
    stream->flags = flags;
    stream->handle = streams().add(stream);
    stream->start();
    count(Thing::STREAMS, 1);
    *result = reinterpret_cast<CUstream>(stream->handle);
    return CUDA_SUCCESS;
}

}  // namespace

API cuStreamCreate(CUstream* result, unsigned flags) {
    ENTER(CONTEXT);
    return createStream(call, result, flags, 0);
}

API cuStreamCreateWithPriority(CUstream* result, unsigned flags, int priority) {
    ENTER(CONTEXT);
    return createStream(call, result, flags, priority);
}

API cuStreamDestroy_v2(CUstream handle) {
    ENTER(CONTEXT);
    const std::shared_ptr<Stream> stream = streams().remove(reinterpret_cast<uint64_t>(handle));
    REQUIRE(stream, CUDA_ERROR_INVALID_HANDLE, "cuStreamDestroy: no such stream (destroyed already?)");
    stream->stop();
    count(Thing::STREAMS, -1);
    return CUDA_SUCCESS;
}

API cuStreamSynchronize(CUstream handle) {
    ENTER(CONTEXT);
    const std::shared_ptr<Stream> stream = streamOf(call, handle, __func__);
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    stream->awaitAll();
    return static_cast<CUresult>(stream->context->lost.load());
}

API cuStreamQuery(CUstream handle) {
    ENTER(CONTEXT);
    const std::shared_ptr<Stream> stream = streamOf(call, handle, __func__);
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    const bool idle = stream->isIdle();
    const int lost = stream->context->lost;
    return lost != 0 ? static_cast<CUresult>(lost) : idle ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

API cuStreamGetFlags(CUstream handle, unsigned* flags) {
    ENTER(CONTEXT);
    const std::shared_ptr<Stream> stream = streamOf(call, handle, __func__);
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    *flags = stream->flags;
    return CUDA_SUCCESS;
}

API cuStreamGetPriority(CUstream handle, int* priority) {
    ENTER(CONTEXT);
    const std::shared_ptr<Stream> stream = streamOf(call, handle, __func__);
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    *priority = stream->priority;
    return CUDA_SUCCESS;
}

API cuStreamGetCtx(CUstream handle, CUcontext* context) {
    ENTER(CONTEXT);
    const std::shared_ptr<Stream> stream = streamOf(call, handle, __func__);
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    *context = reinterpret_cast<CUcontext>(stream->context->handle);
    return CUDA_SUCCESS;
}

API cuLaunchHostFunc(CUstream handle, CUhostFn body, void* user) {
    ENTER(CONTEXT);
    const std::shared_ptr<Stream> stream = streamOf(call, handle, __func__);
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    REQUIRE(body != nullptr, CUDA_ERROR_INVALID_VALUE, "cuLaunchHostFunc: no function");
    return submitTo(stream, {nullptr, "host function", {}, [body, user] {
        inHostFunction = true;
        body(user);
        inHostFunction = false;
    }, {}, 0});
}
