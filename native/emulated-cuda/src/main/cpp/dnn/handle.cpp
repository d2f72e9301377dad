// cuDNN: the library, its handles, and the names of its statuses.
#include "dnn.h"

namespace cw::dnn {

Objects<Handle>& handles() {
    static auto* const table = new Objects<Handle>(0xd0, Thing::DNN_HANDLES);
    return *table;
}

int refuse(int status, const char* function, const char* why) {
    breach("%s: %s", function, why);
    return status;
}

int status(CUresult r) {
    return r == CUDA_SUCCESS ? SUCCESS : r == CUDA_ERROR_OUT_OF_MEMORY ? ALLOCATION_FAILED : EXECUTION_FAILED;
}

}  // namespace cw::dnn

using namespace cw;
using namespace cw::dnn;

extern "C" CW_EXPORT size_t cudnnGetVersion() {
    return 90501;
}

extern "C" CW_EXPORT size_t cudnnGetCudartVersion() {
    return 12060;
}

extern "C" CW_EXPORT const char* cudnnGetErrorString(int status) {
    switch (status) {
        case SUCCESS: return "CUDNN_STATUS_SUCCESS";
        case NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
        case BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
        case BAD_PARAM_NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
        case BAD_PARAM_MISALIGNED_POINTER: return "CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER";
        case NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
        case INTERNAL_ERROR: return "CUDNN_STATUS_INTERNAL_ERROR";
        case ALLOCATION_FAILED: return "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED";
        case EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
        default: return "CUDNN_UNKNOWN_STATUS";
    }
}

DNN cudnnCreate(void** result) {
    ENTER_DNN();
    *result = handles().add(std::make_shared<Handle>());
    return SUCCESS;
}

DNN cudnnDestroy(void* h) {
    static Function& thisFunction = function(__func__);
    if (const int injected = enter(thisFunction); injected != 0) {
        return injected;
    }
    return handles().remove(h) ? SUCCESS : refuse(NOT_INITIALIZED, __func__, "no such handle (destroyed already?)");
}

DNN cudnnSetStream(void* h, void* stream) {
    ENTER_DNN();
    HANDLE(handle, h);
    if (!isStream(stream)) {
        return refuse(BAD_PARAM, __func__, "no such stream (destroyed?)");
    }
    handle->stream = stream;
    return SUCCESS;
}

DNN cudnnGetStream(void* h, void** stream) {
    ENTER_DNN();
    HANDLE(handle, h);
    *stream = handle->stream;
    return SUCCESS;
}
