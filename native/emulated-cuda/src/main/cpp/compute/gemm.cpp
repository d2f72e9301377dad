// A blocked product: B is packed in panels of 16 columns, A in panels of 6 rows, and a kernel of 6 x 16 keeps its sums in registers.
#include "gemm.h"

#include <algorithm>
#include <immintrin.h>
#include <vector>

namespace cw {
namespace {

constexpr int64_t MR = 6;
constexpr int64_t NR = 16;
constexpr int64_t MC = 96;
constexpr int64_t KC = 256;
constexpr int64_t NC = 2048;

// Panels of `width`: for each of the k steps, `width` elements in a row, zeros past the edge.
void pack(const float* at, int64_t along, int64_t across, int64_t k, int64_t length, int64_t width, float* to) {
    for (int64_t panel = 0; panel < length; panel += width) {
        const int64_t here = std::min(width, length - panel);
        for (int64_t p = 0; p < k; p++) {
            const float* const from = at + p * along + panel * across;
            int64_t i = 0;
            if (across == 1) {
                for (; i < here; i++) {
                    *to++ = from[i];
                }
            } else {
                for (; i < here; i++) {
                    *to++ = from[i * across];
                }
            }
            for (; i < width; i++) {
                *to++ = 0.0f;
            }
        }
    }
}

void kernel(int64_t k, const float* a, const float* b, float* sums) {
    __m256 s[MR][2];
    for (auto& row : s) {
        row[0] = _mm256_setzero_ps();
        row[1] = _mm256_setzero_ps();
    }
    for (int64_t p = 0; p < k; p++) {
        const __m256 b0 = _mm256_loadu_ps(b);
        const __m256 b1 = _mm256_loadu_ps(b + 8);
        for (int i = 0; i < MR; i++) {
            const __m256 x = _mm256_broadcast_ss(a + i);
            s[i][0] = _mm256_fmadd_ps(x, b0, s[i][0]);
            s[i][1] = _mm256_fmadd_ps(x, b1, s[i][1]);
        }
        a += MR;
        b += NR;
    }
    for (int i = 0; i < MR; i++) {
        _mm256_storeu_ps(sums + i * NR, s[i][0]);
        _mm256_storeu_ps(sums + i * NR + 8, s[i][1]);
    }
}

struct Buffers {
    std::vector<float> a = std::vector<float>(MC * KC);
    std::vector<float> b = std::vector<float>(KC * (NC + NR));
};

}  // namespace

void gemm(bool transposeA, bool transposeB, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda,
        const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
    for (int64_t i = 0; i < m; i++) {
        float* const row = c + i * ldc;
        if (beta == 0.0f) {
            std::fill_n(row, n, 0.0f);
        } else if (beta != 1.0f) {
            for (int64_t j = 0; j < n; j++) {
                row[j] *= beta;
            }
        }
    }
    if (alpha == 0.0f) {
        return;
    }
    thread_local Buffers buffers;
    const int64_t alongA = transposeA ? lda : 1;
    const int64_t acrossA = transposeA ? 1 : lda;
    const int64_t alongB = transposeB ? 1 : ldb;
    const int64_t acrossB = transposeB ? ldb : 1;
    for (int64_t j0 = 0; j0 < n; j0 += NC) {
        const int64_t nc = std::min(NC, n - j0);
        for (int64_t p0 = 0; p0 < k; p0 += KC) {
            const int64_t kc = std::min(KC, k - p0);
            pack(b + p0 * alongB + j0 * acrossB, alongB, acrossB, kc, nc, NR, buffers.b.data());
            for (int64_t i0 = 0; i0 < m; i0 += MC) {
                const int64_t mc = std::min(MC, m - i0);
                pack(a + p0 * alongA + i0 * acrossA, alongA, acrossA, kc, mc, MR, buffers.a.data());
                for (int64_t j = 0; j < nc; j += NR) {
                    for (int64_t i = 0; i < mc; i += MR) {
                        alignas(32) float sums[MR * NR];
                        kernel(kc, buffers.a.data() + i * kc, buffers.b.data() + j * kc, sums);
                        for (int64_t r = 0; r < std::min(MR, mc - i); r++) {
                            float* const row = c + (i0 + i + r) * ldc + j0 + j;
                            for (int64_t q = 0; q < std::min(NR, nc - j); q++) {
                                row[q] += alpha * sums[r * NR + q];
                            }
                        }
                    }
                }
            }
        }
    }
}

}  // namespace cw
