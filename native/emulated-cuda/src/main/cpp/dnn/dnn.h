// What the parts of the cuDNN stand-in share. It computes floats, for tensors in NCHW or NHWC order.
#pragma once

#include "../common/library.h"

namespace cw::dnn {

enum Status {
    SUCCESS = 0,
    NOT_INITIALIZED = 1001,
    BAD_PARAM = 2000,
    BAD_PARAM_NULL_POINTER = 2002,
    BAD_PARAM_MISALIGNED_POINTER = 2003,
    NOT_SUPPORTED = 3000,
    INTERNAL_ERROR = 4000,
    ALLOCATION_FAILED = 4003,
    EXECUTION_FAILED = 5000,
};

struct Handle {
    void* stream = nullptr;
};

Objects<Handle>& handles();

// Writes the breach down and gives the status.
int refuse(int status, const char* function, const char* why);
int status(CUresult r);

}  // namespace cw::dnn

#define DNN extern "C" CW_EXPORT int
// Opens a function that needs a context that works.
#define ENTER_DNN() \
    static cw::Function& thisFunction = cw::function(__func__); \
    if (const int injected = cw::enter(thisFunction); injected != 0) { \
        return injected; \
    } \
    if (cw::contextState() != CUDA_SUCCESS) { \
        return EXECUTION_FAILED; \
    }
#define HANDLE(variable, handle) \
    const std::shared_ptr<Handle> variable = handles().find(handle); \
    if (!variable) { \
        return refuse(NOT_INITIALIZED, __func__, "no such handle (destroyed?)"); \
    }
