// Blocks on fibers: a fiber runs threads of the block one after the other until one waits; the next threads get another fiber.
#include "grid.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <sys/mman.h>
#include <vector>

CwGrid cwGrid;

// void cwSwitch(void** savedStack, void* stack): saves the callee's registers on this stack and takes up another one.
asm(R"(
.text
.p2align 4
.hidden cwSwitch
.globl cwSwitch
.type cwSwitch,@function
cwSwitch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size cwSwitch,.-cwSwitch
)");
extern "C" void cwSwitch(void** savedStack, void* stack);

namespace {

constexpr size_t STACK_BYTES = 64 * 1024;
constexpr unsigned WARP = 32;

enum class State { IDLE, RUNNABLE, AT_BLOCK_BARRIER, AT_WARP_BARRIER };

struct Fiber {
    char* stack = nullptr;
    void* top = nullptr;  // where it was left
    State state = State::IDLE;
    unsigned thread = 0;  // that waits on it
    CwDim index{};
    unsigned mask = 0;    // of the lanes it waits for
};

struct Runner {
    std::vector<Fiber> fibers;
    unsigned used = 0;               // fibers of this block
    void* scheduler = nullptr;       // where the scheduler was left
    Fiber* current = nullptr;
    void (*body)(void**) = nullptr;
    void** params = nullptr;
    unsigned finished = 0;           // fibers that have nothing left to run
    std::vector<unsigned> brought;   // by thread: what it brought to an exchange
    std::vector<unsigned> taken;     // by thread: what was brought when the exchange took place
    std::vector<unsigned> waiting;   // by warp: lanes at the warp barrier
    std::vector<unsigned> blockBound;  // by warp: lanes at the block barrier
    std::vector<char> shared;
};

Runner& theRunner() {
    static Runner* const r = new Runner;  // never destroyed: a stream may outlive main
    return *r;
}

void fiberMain() {
    for (;;) {
        Runner& r = theRunner();
        r.body(r.params);
        r.current->state = State::IDLE;
        r.finished++;
        cwSwitch(&r.current->top, r.scheduler);
    }
}

void prepare(Fiber& f) {
    if (f.stack == nullptr) {
        f.stack = static_cast<char*>(mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
        if (f.stack == MAP_FAILED) {
            std::abort();
        }
    }
    // As if fiberMain had been called, with a return address that it never uses: so the stack is aligned as at any call.
    void** top = reinterpret_cast<void**>(f.stack + STACK_BYTES) - 1;
    *top = nullptr;
    *--top = reinterpret_cast<void*>(&fiberMain);
    for (int i = 0; i < 6; i++) {
        *--top = nullptr;
    }
    f.top = top;
}

void resume(Runner& r, Fiber& f) {
    r.current = &f;
    f.state = State::RUNNABLE;
    cwGrid.threadIndex = f.thread;
    cwGrid.thread = f.index;
    cwSwitch(&r.scheduler, f.top);
}

void await(State state, unsigned mask) {
    Runner& r = theRunner();
    Fiber& f = *r.current;
    f.state = state;
    f.thread = cwGrid.threadIndex;
    f.index = cwGrid.thread;
    f.mask = mask;
    cwSwitch(&f.top, r.scheduler);
}

// Threads that wait now, by warp.
void countWaiting(Runner& r) {
    std::fill(r.waiting.begin(), r.waiting.end(), 0);
    std::fill(r.blockBound.begin(), r.blockBound.end(), 0);
    for (unsigned i = 0; i < r.used; i++) {
        const Fiber& f = r.fibers[i];
        const unsigned bit = 1u << (f.thread % WARP);
        if (f.state == State::AT_WARP_BARRIER) {
            r.waiting[f.thread / WARP] |= bit;
        } else if (f.state == State::AT_BLOCK_BARRIER) {
            r.blockBound[f.thread / WARP] |= bit;
        }
    }
}

// Lets go what need not wait any longer; false if that is none.
bool release(Runner& r) {
    countWaiting(r);
    bool any = false;
    bool allAtBlockBarrier = true;
    for (unsigned i = 0; i < r.used; i++) {
        Fiber& f = r.fibers[i];
        if (f.state != State::AT_WARP_BARRIER) {
            continue;
        }
        allAtBlockBarrier = false;
        const unsigned warp = f.thread / WARP;
        const unsigned live = r.waiting[warp] | r.blockBound[warp];  // the others have ended
        if ((f.mask & live & ~r.waiting[warp]) == 0) {
            f.state = State::RUNNABLE;
            r.taken[f.thread] = r.brought[f.thread];
            any = true;
        }
    }
    if (allAtBlockBarrier) {
        for (unsigned i = 0; i < r.used; i++) {
            if (r.fibers[i].state == State::AT_BLOCK_BARRIER) {
                r.fibers[i].state = State::RUNNABLE;
                any = true;
            }
        }
    }
    return any;
}

CwGridResult runBlock(Runner& r) {
    r.used = 0;
    r.finished = 0;
    cwGrid.threadsStarted = 0;
    while (cwGrid.threadsStarted < cwGrid.threadCount) {
        if (r.used == r.fibers.size()) {
            r.fibers.emplace_back();
            prepare(r.fibers.back());
        }
        Fiber& f = r.fibers[r.used++];
        r.current = &f;
        cwSwitch(&r.scheduler, f.top);
    }
    while (r.finished < r.used) {
        if (!release(r)) {
            return CW_GRID_DEADLOCK;
        }
        for (unsigned i = 0; i < r.used; i++) {
            if (r.fibers[i].state == State::RUNNABLE) {
                resume(r, r.fibers[i]);
            }
        }
    }
    return CW_GRID_DONE;
}

}  // namespace

void cwSyncThreads() {
    await(State::AT_BLOCK_BARRIER, 0);
}

unsigned cwExchange(unsigned mask, unsigned bits, int lane) {
    const unsigned thread = cwGrid.threadIndex;
    Runner& r = theRunner();
    r.brought[thread] = bits;
    await(State::AT_WARP_BARRIER, mask | 1u << (thread % WARP));
    const unsigned from = thread / WARP * WARP + static_cast<unsigned>(lane);
    return from < cwGrid.threadCount ? r.taken[from] : bits;
}

extern "C" __attribute__((visibility("default"))) CwGridResult cwRunGrid(
        const CwHostKernel* kernel, void** params, CwDim grid, CwDim block, unsigned dynamicSharedBytes, int skipLastBlock) {
    Runner& r = theRunner();
    // A kernel that was cut off (a fault) leaves fibers anywhere: all start afresh.
    const unsigned threads = block.x * block.y * block.z;
    r.fibers.reserve(threads);
    for (Fiber& f : r.fibers) {
        f.state = State::IDLE;
        prepare(f);
    }
    r.body = kernel->body;
    r.params = params;
    r.brought.resize(threads);
    r.taken.resize(threads);
    r.waiting.resize((threads + WARP - 1) / WARP);
    r.blockBound.resize((threads + WARP - 1) / WARP);
    r.shared.resize(dynamicSharedBytes + 15);
    cwGrid.dynamicShared = reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(r.shared.data()) + 15) & ~uintptr_t{15});
    cwGrid.blockSize = block;
    cwGrid.gridSize = grid;
    cwGrid.threadCount = threads;
    const uint64_t blocks = uint64_t{grid.x} * grid.y * grid.z - (skipLastBlock ? 1 : 0);
    CwDim at{0, 0, 0};
    for (uint64_t i = 0; i < blocks; i++) {
        cwGrid.block = at;
        if (runBlock(r) != CW_GRID_DONE) {
            return CW_GRID_DEADLOCK;
        }
        if (++at.x == grid.x) {
            at.x = 0;
            if (++at.y == grid.y) {
                at.y = 0;
                at.z++;
            }
        }
    }
    return CW_GRID_DONE;
}
