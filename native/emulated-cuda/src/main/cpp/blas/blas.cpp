// cuBLAS: handles and matrix products of floats. Matrices are stored by columns.
#include <cstring>
#include <mutex>

#include "../common/library.h"
#include "../compute/gemm.h"

using namespace cw;

namespace {

enum Status {
    SUCCESS = 0, NOT_INITIALIZED = 1, ALLOC_FAILED = 3, INVALID_VALUE = 7, EXECUTION_FAILED = 13, INTERNAL_ERROR = 14, NOT_SUPPORTED = 15
};

constexpr size_t DEFAULT_WORKSPACE = 4u << 20;

struct Handle {
    void* stream = nullptr;
    int pointerMode = 0;  // 0: alpha and beta lie on the host
    int mathMode = 0;
    int atomicsMode = 0;
    void* ownWorkspace = nullptr;
    void* workspace = nullptr;
    size_t workspaceBytes = DEFAULT_WORKSPACE;
};

Objects<Handle>& handles() {
    static auto* const table = new Objects<Handle>(0xb1, Thing::BLAS_HANDLES);
    return *table;
}

int status(CUresult r) {
    return r == CUDA_SUCCESS ? SUCCESS : r == CUDA_ERROR_OUT_OF_MEMORY ? ALLOC_FAILED : EXECUTION_FAILED;
}

int refuse(int status, const char* function, const char* why) {
    breach("%s: %s", function, why);
    return status;
}

#define BLAS extern "C" CW_EXPORT int
#define ENTER_BLAS() \
    static Function& thisFunction = function(__func__); \
    if (const int injected = enter(thisFunction); injected != 0) { \
        return injected; \
    } \
    if (const CUresult state = contextState(); state != CUDA_SUCCESS) { \
        return EXECUTION_FAILED; \
    }
#define HANDLE(variable, handle) \
    const std::shared_ptr<Handle> variable = handles().find(handle); \
    if (!variable) { \
        return refuse(NOT_INITIALIZED, __func__, "no such handle (destroyed?)"); \
    }

struct Product {
    int ta, tb, m, n, k;
    float alpha, beta;
    const float* a;
    const float* b;
    float* c;
    int64_t lda, ldb, ldc, strideA, strideB, strideC;
    int batch;
};

// From the first to the last element of `batch` matrices of `rows` x `columns`.
Range extent(const float* at, int64_t rows, int64_t columns, int64_t ld, int64_t stride, int batch, bool write, const char* what) {
    const int64_t elements = (columns - 1) * ld + rows + (batch - 1) * stride;
    return {at, static_cast<size_t>(elements) * 4, write, what};
}

int multiply(const char* name, const Handle& handle, Product p, const float* alpha, const float* beta) {
    if (p.ta < 0 || p.ta > 2 || p.tb < 0 || p.tb > 2 || p.m < 0 || p.n < 0 || p.k < 0 || p.batch < 0) {
        return refuse(INVALID_VALUE, name, "a dimension is negative, or an operation unknown");
    }
    if (p.lda < std::max(1, p.ta == 0 ? p.m : p.k) || p.ldb < std::max(1, p.tb == 0 ? p.k : p.n) || p.ldc < std::max(1, p.m)) {
        return refuse(INVALID_VALUE, name, "a leading dimension is smaller than its matrix");
    }
    if (handle.pointerMode != 0) {
        return NOT_SUPPORTED;
    }
    if (alpha == nullptr || beta == nullptr) {
        return refuse(INVALID_VALUE, name, "alpha or beta is null");
    }
    if (p.m == 0 || p.n == 0 || p.batch == 0) {
        return SUCCESS;
    }
    p.alpha = *alpha;
    p.beta = *beta;
    std::vector<Range> ranges;
    if (p.k > 0 && p.alpha != 0.0f) {
        ranges.push_back(extent(p.a, p.ta == 0 ? p.m : p.k, p.ta == 0 ? p.k : p.m, p.lda, p.strideA, p.batch, false, "A"));
        ranges.push_back(extent(p.b, p.tb == 0 ? p.k : p.n, p.tb == 0 ? p.n : p.k, p.ldb, p.strideB, p.batch, false, "B"));
    }
    ranges.push_back(extent(p.c, p.m, p.n, p.ldc, p.strideC, p.batch, true, "C"));
    for (const Range& range : ranges) {
        if (reinterpret_cast<uintptr_t>(range.at) % 4 != 0) {
            return refuse(INVALID_VALUE, name, "a matrix is not aligned to 4 bytes");
        }
    }
    if (handle.workspace != nullptr) {
        ranges.push_back({handle.workspace, handle.workspaceBytes, true, "workspace"});
    }
    return status(submit(handle.stream, name, std::move(ranges), [p] {
        for (int i = 0; i < p.batch; i++) {
            // By columns: C' = op(B)' op(A)' with all matrices read by rows.
            gemm(p.tb != 0, p.ta != 0, p.n, p.m, p.k, p.alpha, p.b + i * p.strideB, p.ldb, p.a + i * p.strideA, p.lda, p.beta,
                p.c + i * p.strideC, p.ldc);
        }
    }));
}

}  // namespace

BLAS cublasCreate_v2(void** result) {
    ENTER_BLAS();
    auto handle = std::make_shared<Handle>();
    if (takeMemory(DEFAULT_WORKSPACE, &handle->ownWorkspace) != CUDA_SUCCESS) {
        return ALLOC_FAILED;
    }
    *result = handles().add(handle);
    return SUCCESS;
}

BLAS cublasDestroy_v2(void* h) {
    static Function& thisFunction = function(__func__);
    if (const int injected = enter(thisFunction); injected != 0) {
        return injected;
    }
    const std::shared_ptr<Handle> handle = handles().remove(h);
    if (!handle) {
        return refuse(NOT_INITIALIZED, __func__, "no such handle (destroyed already?)");
    }
    giveMemory(handle->ownWorkspace);
    return SUCCESS;
}

BLAS cublasGetVersion_v2(void*, int* version) {
    *version = 120600;
    return SUCCESS;
}

BLAS cublasSetStream_v2(void* h, void* stream) {
    ENTER_BLAS();
    HANDLE(handle, h);
    if (!isStream(stream)) {
        return refuse(INVALID_VALUE, __func__, "no such stream");
    }
    handle->stream = stream;
    handle->workspace = nullptr;  // back to its own, as the real one does
    return SUCCESS;
}

BLAS cublasGetStream_v2(void* h, void** stream) {
    ENTER_BLAS();
    HANDLE(handle, h);
    *stream = handle->stream;
    return SUCCESS;
}

BLAS cublasSetWorkspace_v2(void* h, void* workspace, size_t bytes) {
    ENTER_BLAS();
    HANDLE(handle, h);
    if (reinterpret_cast<uintptr_t>(workspace) % 256 != 0) {
        return refuse(INVALID_VALUE, __func__, "the workspace is not aligned to 256 bytes");
    }
    handle->workspace = bytes == 0 ? nullptr : workspace;
    handle->workspaceBytes = bytes;
    return SUCCESS;
}

BLAS cublasSetPointerMode_v2(void* h, int mode) {
    ENTER_BLAS();
    HANDLE(handle, h);
    handle->pointerMode = mode;
    return SUCCESS;
}

BLAS cublasGetPointerMode_v2(void* h, int* mode) {
    ENTER_BLAS();
    HANDLE(handle, h);
    *mode = handle->pointerMode;
    return SUCCESS;
}

BLAS cublasSetAtomicsMode(void* h, int mode) {
    ENTER_BLAS();
    HANDLE(handle, h);
    handle->atomicsMode = mode;
    return SUCCESS;
}

BLAS cublasSetMathMode(void* h, int mode) {
    ENTER_BLAS();
    HANDLE(handle, h);
    handle->mathMode = mode;
    return SUCCESS;
}

BLAS cublasGetMathMode(void* h, int* mode) {
    ENTER_BLAS();
    HANDLE(handle, h);
    *mode = handle->mathMode;
    return SUCCESS;
}

BLAS cublasSgemm_v2(void* h, int ta, int tb, int m, int n, int k, const float* alpha, const float* a, int lda, const float* b, int ldb,
        const float* beta, float* c, int ldc) {
    ENTER_BLAS();
    HANDLE(handle, h);
    return multiply("cublasSgemm", *handle, {ta, tb, m, n, k, 0, 0, a, b, c, lda, ldb, ldc, 0, 0, 0, 1}, alpha, beta);
}

BLAS cublasSgemmStridedBatched(void* h, int ta, int tb, int m, int n, int k, const float* alpha, const float* a, int lda, long long strideA,
        const float* b, int ldb, long long strideB, const float* beta, float* c, int ldc, long long strideC, int batch) {
    ENTER_BLAS();
    HANDLE(handle, h);
    return multiply("cublasSgemmStridedBatched", *handle,
        {ta, tb, m, n, k, 0, 0, a, b, c, lda, ldb, ldc, strideA, strideB, strideC, batch}, alpha, beta);
}
