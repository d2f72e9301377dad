// Streams: queues of operations, each run by a thread of its own in the order of submission.
#pragma once

#include <deque>
#include <thread>

#include "state.h"

namespace cw {

// By stream's serial number: how many of its operations have surely completed.
using Clock = std::map<uint64_t, uint64_t>;

// A place in a stream: reached when so many of its operations have completed.
struct Mark {
    std::shared_ptr<Stream> stream;
    uint64_t number = 0;
    std::shared_ptr<const Clock> clock;  // what has completed elsewhere then; null unless races are looked for
};

struct Operation {
    Function* kind = nullptr;             // "execute:kernel" and its like; null for marks and waits, which nothing can fail
    std::string name;                     // for messages
    std::vector<Range> ranges;            // checked before it runs
    std::function<void()> run;
    std::vector<Mark> after;              // what must have completed elsewhere
    int64_t minimumNs = 0;
    bool isKernel = false;
};

// What was put into a stream instead of being run, on its way to a graph.
struct Capture {
    enum Mode { GLOBAL, THREAD_LOCAL, RELAXED };
    std::vector<Operation> operations;
    std::thread::id owner;
    Mode mode = GLOBAL;
    std::atomic<bool> invalid{false};
};

struct Stream : std::enable_shared_from_this<Stream> {
    Stream(std::shared_ptr<Context> owner, bool nonBlocking);
    void start();
    // Appends; blocks while the queue is full, and holds up all other submissions of the context meanwhile. The caller holds
    // context->submitting. Returns the operation's number.
    uint64_t append(Operation operation);
    void awaitNumber(uint64_t number);
    void awaitAll();
    bool isIdle();
    void stop();
    // Writes down operations here that have not completed and that `operation`, which comes after `clock`, would race with.
    void findRaces(const Operation& operation, const Clock& clock);
    // Do operations that have not completed use memory in [at, at + bytes)? The name of the first one, or empty.
    std::string user(const void* at, size_t bytes);

    const std::shared_ptr<Context> context;
    const bool nonBlocking;
    int priority = 0;
    unsigned flags = 0;
    uint64_t handle = 0;
    const uint64_t serial;
    std::shared_ptr<Capture> capture;  // null: none; guarded by context->submitting
    Clock clock;                   // of what comes next here; guarded by context->submitting

private:
    void work();
    void execute(Operation& operation);
    int run(Operation& operation);

    std::mutex lock_;
    std::condition_variable arrived_;
    std::condition_variable completed_;
    std::condition_variable room_;
    std::deque<Operation> queue_;  // the front one is running
    uint64_t submitted_ = 0;
    std::atomic<uint64_t> done_{0};
    bool stopping_ = false;
    bool asleep_ = false;
    int waiters_ = 0;
};

// The stream a handle names, in the context of the call; null if there is none (a breach has been written down).
std::shared_ptr<Stream> streamOf(const Call& call, CUstream stream, const char* function);
// Appends with the rules of the default stream kept, and says what came of it.
CUresult submitTo(const std::shared_ptr<Stream>& stream, Operation operation, Mark* mark = nullptr);
// All streams of a context that may have work: the default one, and destroyed ones that have not finished.
std::vector<std::shared_ptr<Stream>> streamsOf(const Context& context);
void awaitContext(const Context& context);
bool isCaptured(Stream& stream);

// Runs `body` on this thread such that a fault on device memory ends it: 0, or the error the GPU would give.
int runGuarded(const std::function<void()>& body, const char* name);
void installFaultHandler();

}  // namespace cw
