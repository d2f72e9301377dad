// Events: places in streams, with the time at which they were reached.
#include "stream.h"

namespace cw {
namespace {

constexpr unsigned BLOCKING_SYNC = 1;
constexpr unsigned DISABLE_TIMING = 2;
constexpr unsigned INTERPROCESS = 4;

struct Recording {
    Mark mark;
    std::atomic<int64_t> reachedNs{0};
};

struct Event {
    Event(std::shared_ptr<Context> owner, unsigned eventFlags) : context(std::move(owner)), flags(eventFlags) {}
    const std::shared_ptr<Context> context;
    const unsigned flags;
    std::mutex lock;
    std::shared_ptr<Recording> last;  // null: never recorded

    std::shared_ptr<Recording> recording() {
        const std::lock_guard<std::mutex> hold(lock);
        return last;
    }
};

Handles<Event>& events() {
    static auto* const table = new Handles<Event>(0xe0);
    return *table;
}

std::shared_ptr<Event> eventOf(CUevent handle, const char* function) {
    std::shared_ptr<Event> event = events().find(reinterpret_cast<uint64_t>(handle));
    if (!event) {
        breach("%s: no such event (destroyed?)", function);
    }
    return event;
}

bool isReached(const Recording& recording) {
    return recording.reachedNs != 0;
}

}  // namespace

void releaseEvents(const std::shared_ptr<Context>& context) {
    int leaked = 0;
    for (const auto& [handle, event] : events().all()) {
        if (event->context == context) {
            leaked++;
            events().remove(handle);
            count(Thing::EVENTS, -1);
        }
    }
    if (leaked > 0 && !context->lost) {
        breach("context ended with %d events", leaked);
    }
}

}  // namespace cw

using namespace cw;

namespace {

CUresult record(const Call& call, CUevent eventHandle, CUstream streamHandle) {
    const std::shared_ptr<Event> event = eventOf(eventHandle, "cuEventRecord");
    const std::shared_ptr<Stream> stream = streamOf(call, streamHandle, "cuEventRecord");
    if (!event || !stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    REQUIRE(event->context == stream->context, CUDA_ERROR_INVALID_HANDLE, "cuEventRecord: event and stream belong to different contexts");
    auto recording = std::make_shared<Recording>();
    const CUresult r = submitTo(stream, {nullptr, "event", {}, [recording] { recording->reachedNs = nowNs(); }, {}, 0}, &recording->mark);
    const std::lock_guard<std::mutex> hold(event->lock);
    event->last = recording;
    return r;
}

}  // namespace

API cuEventCreate(CUevent* result, unsigned flags) {
    ENTER(CONTEXT);
    REQUIRE(result != nullptr && flags <= 7 && (flags & INTERPROCESS) == 0, CUDA_ERROR_INVALID_VALUE, "cuEventCreate: flags %u", flags);
    *result = reinterpret_cast<CUevent>(events().add(std::make_shared<Event>(call.context, flags)));
    count(Thing::EVENTS, 1);
    return CUDA_SUCCESS;
}

API cuEventDestroy_v2(CUevent handle) {
    ENTER(CONTEXT);
    REQUIRE(events().remove(reinterpret_cast<uint64_t>(handle)), CUDA_ERROR_INVALID_HANDLE, "cuEventDestroy: no such event (destroyed already?)");
    count(Thing::EVENTS, -1);
    return CUDA_SUCCESS;
}

API cuEventRecord(CUevent event, CUstream stream) {
    ENTER(CONTEXT);
    return record(call, event, stream);
}

API cuEventRecordWithFlags(CUevent event, CUstream stream, unsigned flags) {
    ENTER(CONTEXT);
    REQUIRE(flags == 0, CUDA_ERROR_INVALID_VALUE, "cuEventRecordWithFlags: flags %u", flags);
    return record(call, event, stream);
}

API cuEventQuery(CUevent handle) {
    ENTER(CONTEXT);
    const std::shared_ptr<Event> event = eventOf(handle, __func__);
    if (!event) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    const std::shared_ptr<Recording> recording = event->recording();
    if (!recording || isReached(*recording)) {
        return CUDA_SUCCESS;
    }
    const int lost = event->context->lost;
    return lost != 0 ? static_cast<CUresult>(lost) : CUDA_ERROR_NOT_READY;
}

API cuEventSynchronize(CUevent handle) {
    ENTER(CONTEXT);
    const std::shared_ptr<Event> event = eventOf(handle, __func__);
    if (!event) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (const std::shared_ptr<Recording> recording = event->recording()) {
        recording->mark.stream->awaitNumber(recording->mark.number);
    }
    return static_cast<CUresult>(event->context->lost.load());
}

API cuEventElapsedTime(float* milliseconds, CUevent startHandle, CUevent endHandle) {
    ENTER(CONTEXT);
    const std::shared_ptr<Event> start = eventOf(startHandle, __func__);
    const std::shared_ptr<Event> end = eventOf(endHandle, __func__);
    if (!start || !end) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    REQUIRE(((start->flags | end->flags) & DISABLE_TIMING) == 0, CUDA_ERROR_INVALID_HANDLE, "cuEventElapsedTime: an event without timing");
    REQUIRE(start->context == end->context, CUDA_ERROR_INVALID_HANDLE, "cuEventElapsedTime: events of different contexts");
    const std::shared_ptr<Recording> from = start->recording();
    const std::shared_ptr<Recording> to = end->recording();
    REQUIRE(from && to, CUDA_ERROR_INVALID_HANDLE, "cuEventElapsedTime: an event that was never recorded");
    if (!isReached(*from) || !isReached(*to)) {
        return CUDA_ERROR_NOT_READY;
    }
    *milliseconds = static_cast<float>(static_cast<double>(to->reachedNs - from->reachedNs) * 1e-6);
    return CUDA_SUCCESS;
}

API cuStreamWaitEvent(CUstream streamHandle, CUevent eventHandle, unsigned flags) {
    ENTER(CONTEXT);
    REQUIRE(flags <= 1, CUDA_ERROR_INVALID_VALUE, "cuStreamWaitEvent: flags %u", flags);
    const std::shared_ptr<Stream> stream = streamOf(call, streamHandle, __func__);
    const std::shared_ptr<Event> event = eventOf(eventHandle, __func__);
    if (!stream || !event) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    const std::shared_ptr<Recording> recording = event->recording();
    if (!recording || recording->mark.stream == stream) {
        return CUDA_SUCCESS;  // what was never recorded is not waited for; the own stream is in order anyway
    }
    return submitTo(stream, {nullptr, "wait for an event", {}, nullptr, {recording->mark}, 0});
}
