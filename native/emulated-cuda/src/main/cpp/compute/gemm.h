// Matrix products on the host, for cuBLAS and for convolutions.
#pragma once

#include <cstdint>

namespace cw {

// C = alpha op(A) op(B) + beta C; all matrices by rows, op(A) is m x k, op(B) is k x n. C is not read if beta is 0.
void gemm(bool transposeA, bool transposeB, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda,
    const float* b, int64_t ldb, float beta, float* c, int64_t ldc);

}  // namespace cw
