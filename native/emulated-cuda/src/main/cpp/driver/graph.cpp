// Graphs: what was captured from one stream, to be launched again and again. Events, forks to other streams, and graphs that
// are built node by node are not there.
#include "stream.h"

namespace cw {
namespace {

struct Graph {
    std::shared_ptr<Context> context;
    std::vector<Operation> operations;
};

Handles<Graph>& graphs() {
    static auto* const table = new Handles<Graph>(0x60);
    return *table;
}

Handles<Graph>& executables() {
    static auto* const table = new Handles<Graph>(0x61);
    return *table;
}

struct Captures {
    std::mutex lock;
    std::vector<std::weak_ptr<Capture>> all;
};

Captures& captures() {
    static auto* const c = new Captures;
    return *c;
}

}  // namespace

bool breaksCapture() {
    Captures& c = captures();
    const std::lock_guard<std::mutex> hold(c.lock);
    bool breaks = false;
    for (const std::weak_ptr<Capture>& weak : c.all) {
        const std::shared_ptr<Capture> capture = weak.lock();
        if (capture && (capture->mode == Capture::GLOBAL
                || (capture->mode == Capture::THREAD_LOCAL && capture->owner == std::this_thread::get_id()))) {
            capture->invalid = true;
            breaks = true;
        }
    }
    return breaks;
}

void releaseGraphs(const std::shared_ptr<Context>& context) {
    int leaked = 0;
    for (Handles<Graph>* table : {&graphs(), &executables()}) {
        for (const auto& [handle, graph] : table->all()) {
            if (graph->context == context) {
                leaked++;
                table->remove(handle);
                count(Thing::GRAPHS, -1);
            }
        }
    }
    if (leaked > 0 && !context->lost) {
        breach("context ended with %d graphs", leaked);
    }
}

}  // namespace cw

using namespace cw;

API cuStreamBeginCapture_v2(CUstream handle, int mode) {
    ENTER(CONTEXT);
    const std::shared_ptr<Stream> stream = streamOf(call, handle, __func__);
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    REQUIRE(mode >= Capture::GLOBAL && mode <= Capture::RELAXED, CUDA_ERROR_INVALID_VALUE, "cuStreamBeginCapture: mode %d", mode);
    REQUIRE(stream->handle != 0, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "cuStreamBeginCapture: the default stream can't be captured");
    const std::lock_guard<std::mutex> hold(stream->context->submitting);
    REQUIRE(!stream->capture, CUDA_ERROR_ILLEGAL_STATE, "cuStreamBeginCapture: the stream is captured already");
    auto capture = std::make_shared<Capture>();
    capture->owner = std::this_thread::get_id();
    capture->mode = static_cast<Capture::Mode>(mode);
    stream->capture = capture;
    Captures& c = captures();
    const std::lock_guard<std::mutex> holdAll(c.lock);
    std::erase_if(c.all, [](const std::weak_ptr<Capture>& weak) { return weak.expired(); });
    c.all.push_back(capture);
    return CUDA_SUCCESS;
}

API cuStreamEndCapture(CUstream handle, CUgraph* result) {
    static Function& thisFunction = function(__func__);
    Call call(thisFunction, Needs::CONTEXT);
    clear(result);
    const std::shared_ptr<Stream> stream = handle == nullptr ? nullptr : streamOf(call, handle, __func__);
    if (call.result != CUDA_SUCCESS) {
        if (stream) {  // the capture is over, whatever became of it
            const std::lock_guard<std::mutex> hold(stream->context->submitting);
            stream->capture.reset();
        }
        return call.result;
    }
    REQUIRE(stream, CUDA_ERROR_INVALID_HANDLE, "cuStreamEndCapture: no stream that can be captured");
    std::shared_ptr<Capture> capture;
    {
        const std::lock_guard<std::mutex> hold(stream->context->submitting);
        REQUIRE(stream->capture, CUDA_ERROR_ILLEGAL_STATE, "cuStreamEndCapture: the stream is not captured");
        REQUIRE(stream->capture->mode == Capture::RELAXED || stream->capture->owner == std::this_thread::get_id(),
            CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "cuStreamEndCapture: another thread has begun the capture");
        capture = std::move(stream->capture);
        stream->capture.reset();
    }
    if (capture->invalid) {
        return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    }
    auto graph = std::make_shared<Graph>();
    graph->context = stream->context;
    graph->operations = std::move(capture->operations);
    count(Thing::GRAPHS, 1);
    *result = reinterpret_cast<CUgraph>(graphs().add(std::move(graph)));
    return CUDA_SUCCESS;
}

API cuGraphInstantiateWithFlags(CUgraphExec* result, CUgraph handle, unsigned long long flags) {
    ENTER(CONTEXT);
    clear(result);
    const std::shared_ptr<Graph> graph = graphs().find(reinterpret_cast<uint64_t>(handle));
    REQUIRE(graph, CUDA_ERROR_INVALID_VALUE, "cuGraphInstantiate: no such graph (destroyed?)");
    REQUIRE(flags <= 15, CUDA_ERROR_INVALID_VALUE, "cuGraphInstantiate: flags %llu", flags);
    count(Thing::GRAPHS, 1);
    *result = reinterpret_cast<CUgraphExec>(executables().add(std::make_shared<Graph>(*graph)));
    return CUDA_SUCCESS;
}

API cuGraphLaunch(CUgraphExec handle, CUstream streamHandle) {
    ENTER(CONTEXT);
    const std::shared_ptr<Graph> graph = executables().find(reinterpret_cast<uint64_t>(handle));
    REQUIRE(graph, CUDA_ERROR_INVALID_VALUE, "cuGraphLaunch: no such executable graph (destroyed?)");
    const std::shared_ptr<Stream> stream = streamOf(call, streamHandle, __func__);
    if (!stream) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    REQUIRE(stream->context == graph->context, CUDA_ERROR_INVALID_VALUE, "cuGraphLaunch: graph and stream belong to different contexts");
    for (const Operation& operation : graph->operations) {
        const CUresult r = submitTo(stream, operation);
        if (r != CUDA_SUCCESS) {
            return r;
        }
    }
    return CUDA_SUCCESS;
}

API cuGraphExecDestroy(CUgraphExec handle) {
    ENTER(CONTEXT);
    REQUIRE(executables().remove(reinterpret_cast<uint64_t>(handle)), CUDA_ERROR_INVALID_VALUE,
        "cuGraphExecDestroy: no such executable graph (destroyed already?)");
    count(Thing::GRAPHS, -1);
    return CUDA_SUCCESS;
}

API cuGraphDestroy(CUgraph handle) {
    ENTER(CONTEXT);
    REQUIRE(graphs().remove(reinterpret_cast<uint64_t>(handle)), CUDA_ERROR_INVALID_VALUE, "cuGraphDestroy: no such graph (destroyed already?)");
    count(Thing::GRAPHS, -1);
    return CUDA_SUCCESS;
}
