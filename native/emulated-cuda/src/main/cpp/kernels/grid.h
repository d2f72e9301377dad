// How kernels run on the host: the state of the grid that is running, and what kernels wait with.
//
// One kernel runs at a time in the whole process (the driver sees to it), so all of this is plain static memory, shared memory
// included: thread-local memory of a loaded library costs a call for each use.
#pragma once

struct CwDim {
    unsigned x, y, z;
};

// What is running. Read by kernels as threadIdx and its like.
struct CwGrid {
    CwDim thread, block, blockSize, gridSize;
    unsigned threadIndex;     // of the running thread in its block
    unsigned threadsStarted;  // of the current block
    unsigned threadCount;     // of a block
    void* dynamicShared;
};

extern CwGrid cwGrid __attribute__((visibility("hidden")));

// One entry of a .cu file.
struct CwHostKernel {
    const char* name;
    const char* sourceHash;            // SHA-256 of the .cu, as the PTX made from it says it
    unsigned paramCount;
    const unsigned short* paramSizes;  // in bytes
    void (*body)(void** params);       // runs threads of the current block until none is left to start
};

enum CwGridResult { CW_GRID_DONE = 0, CW_GRID_DEADLOCK = 1 };

extern "C" {
// All entries of this library.
const CwHostKernel* cwHostKernels(int* count);
// Runs all blocks of a grid on the calling thread. DEADLOCK: the threads of a block wait for each other in vain.
// skipLastBlock leaves the last block out: what a wrong kernel does, for tests of tests.
CwGridResult cwRunGrid(const CwHostKernel* kernel, void** params, CwDim grid, CwDim block, unsigned dynamicSharedBytes, int skipLastBlock);
}

void cwSyncThreads() __attribute__((visibility("hidden")));
// Waits for the lanes of mask in the warp, then gives the bits that `lane` brought.
unsigned cwExchange(unsigned mask, unsigned bits, int lane) __attribute__((visibility("hidden")));

// Makes the next thread of the block the running one; false if all have been started.
static inline bool cwNextThread() {
    CwGrid& g = cwGrid;
    const unsigned t = g.threadsStarted;
    if (t == g.threadCount) {
        return false;
    }
    g.threadsStarted = t + 1;
    g.threadIndex = t;
    if (t == 0) {
        g.thread = {0, 0, 0};
    } else if (g.blockSize.y == 1 && g.blockSize.z == 1) {
        g.thread.x = t;
    } else {
        g.thread = {t % g.blockSize.x, t / g.blockSize.x % g.blockSize.y, t / (g.blockSize.x * g.blockSize.y)};
    }
    return true;
}
