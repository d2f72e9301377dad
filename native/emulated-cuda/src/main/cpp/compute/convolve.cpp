#include "convolve.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "gemm.h"

namespace cw {
namespace {

constexpr int64_t PATCH_FLOATS = 1 << 18;  // patches are made for so many floats at a time

struct Steps {  // of the filter's positions in a patch, in the order in which the filter is stored
    int64_t c, h, w;
};

Steps stepsOf(const Window& f) {
    return f.channelsLast ? Steps{1, static_cast<int64_t>(f.w) * f.c, f.c} : Steps{static_cast<int64_t>(f.h) * f.w, f.w, 1};
}

// Calls visit(position in the patch, input row, input column) for each position of the filter that lies inside the input.
template <typename V>
void inside(const Window& f, const Plane& x, int row, int column, V visit) {
    const Steps s = stepsOf(f);
    for (int r = 0; r < f.h; r++) {
        const int inputRow = row * f.strideH - f.padH + r * f.dilationH;
        if (inputRow < 0 || inputRow >= x.h) {
            continue;
        }
        for (int q = 0; q < f.w; q++) {
            const int inputColumn = column * f.strideW - f.padW + q * f.dilationW;
            if (inputColumn >= 0 && inputColumn < x.w) {
                visit(r * s.h + q * s.w, inputRow, inputColumn);
            }
        }
    }
}

// A filter of one channel and one output in each group: sums without patches.
void depthwise(const Plane& xt, const float* x, const Window& f, const float* w, const Plane& yt, float* y, float alpha, float beta) {
    std::vector<float> sums(static_cast<size_t>(yt.c));
    const int64_t taps = static_cast<int64_t>(f.h) * f.w;
    for (int n = 0; n < yt.n; n++) {
        for (int row = 0; row < yt.h; row++) {
            for (int column = 0; column < yt.w; column++) {
                std::fill(sums.begin(), sums.end(), 0.0f);
                inside(f, xt, row, column, [&](int64_t tap, int inputRow, int inputColumn) {
                    const float* const from = x + n * xt.sn + inputRow * xt.sh + inputColumn * xt.sw;
                    for (int c = 0; c < yt.c; c++) {
                        sums[static_cast<size_t>(c)] += from[c * xt.sc] * w[c * taps + tap];
                    }
                });
                float* const to = y + n * yt.sn + row * yt.sh + column * yt.sw;
                for (int c = 0; c < yt.c; c++) {
                    to[c * yt.sc] = alpha * sums[static_cast<size_t>(c)] + (beta == 0.0f ? 0.0f : beta * to[c * yt.sc]);
                }
            }
        }
    }
}

bool isPointwise(const Window& f) {
    return f.h == 1 && f.w == 1 && f.padH == 0 && f.padW == 0 && f.strideH == 1 && f.strideW == 1;
}

}  // namespace

void convolve(const Plane& xt, const float* x, const Window& f, const float* w, const Plane& yt, float* y, float alpha, float beta) {
    if (f.c == 1 && f.k == f.groups) {
        depthwise(xt, x, f, w, yt, y, alpha, beta);
        return;
    }
    const int64_t patch = static_cast<int64_t>(f.c) * f.h * f.w;
    const int outputs = f.k / f.groups;
    const bool last = yt.sc == 1;  // a row of Y is a position; else it is a channel
    const bool rowsInOne = last ? yt.sh == yt.w * yt.sw : yt.sw == 1 && yt.sh == yt.w;
    const int64_t steps = stepsOf(f).c;
    thread_local std::vector<float> patches;
    std::vector<float> result;
    for (int n = 0; n < yt.n; n++) {
        for (int g = 0; g < f.groups; g++) {
            const float* const input = x + n * xt.sn + static_cast<int64_t>(g) * f.c * xt.sc;
            const float* const filter = w + static_cast<int64_t>(g) * outputs * patch;
            float* const output = y + n * yt.sn + static_cast<int64_t>(g) * outputs * yt.sc;
            if (isPointwise(f) && rowsInOne && last && xt.sc == 1 && xt.sh == xt.w * xt.sw) {
                gemm(false, true, static_cast<int64_t>(yt.h) * yt.w, outputs, patch, alpha, input, xt.sw, filter, patch, beta, output, yt.sw);
                continue;
            }
            if (isPointwise(f) && rowsInOne && !last && xt.sw == 1 && xt.sh == xt.w) {
                gemm(false, false, outputs, static_cast<int64_t>(yt.h) * yt.w, patch, alpha, filter, patch, input, xt.sc, beta, output, yt.sc);
                continue;
            }
            const int rows = static_cast<int>(std::max<int64_t>(1, PATCH_FLOATS / (patch * yt.w)));
            for (int row0 = 0; row0 < yt.h; row0 += rows) {
                const int count = std::min(rows, yt.h - row0);
                const int64_t positions = static_cast<int64_t>(count) * yt.w;
                patches.assign(static_cast<size_t>(positions * patch), 0.0f);
                float* to = patches.data();
                for (int row = row0; row < row0 + count; row++) {
                    for (int column = 0; column < yt.w; column++, to += patch) {
                        inside(f, xt, row, column, [&](int64_t tap, int inputRow, int inputColumn) {
                            const float* const from = input + inputRow * xt.sh + inputColumn * xt.sw;
                            if (steps == 1 && xt.sc == 1) {
                                std::memcpy(to + tap, from, static_cast<size_t>(f.c) * 4);
                                return;
                            }
                            for (int c = 0; c < f.c; c++) {
                                to[tap + c * steps] = from[c * xt.sc];
                            }
                        });
                    }
                }
                if (rowsInOne && last) {
                    gemm(false, true, positions, outputs, patch, alpha, patches.data(), patch, filter, patch, beta, output + row0 * yt.sh, yt.sw);
                } else if (rowsInOne) {
                    gemm(false, true, outputs, positions, patch, alpha, filter, patch, patches.data(), patch, beta, output + row0 * yt.sh, yt.sc);
                } else {
                    result.resize(static_cast<size_t>(positions * outputs));
                    gemm(false, true, positions, outputs, patch, alpha, patches.data(), patch, filter, patch, 0.0f, result.data(), outputs);
                    for (int64_t p = 0; p < positions; p++) {
                        for (int k = 0; k < outputs; k++) {
                            float& v = output[(row0 + p / yt.w) * yt.sh + p % yt.w * yt.sw + k * yt.sc];
                            v = result[static_cast<size_t>(p * outputs + k)] + (beta == 0.0f ? 0.0f : beta * v);
                        }
                    }
                }
            }
        }
    }
}

void convolveTransposed(
        const Plane& dyt, const float* dy, const Window& f, const float* w, const Plane& dxt, float* dx, float alpha, float beta) {
    const int64_t patch = static_cast<int64_t>(f.c) * f.h * f.w;
    const int outputs = f.k / f.groups;
    const int64_t steps = stepsOf(f).c;
    for (int n = 0; n < dxt.n; n++) {
        for (int c = 0; c < dxt.c; c++) {
            for (int row = 0; row < dxt.h; row++) {
                for (int column = 0; column < dxt.w; column++) {
                    float& v = dx[n * dxt.sn + c * dxt.sc + row * dxt.sh + column * dxt.sw];
                    v = beta == 0.0f ? 0.0f : beta * v;
                }
            }
        }
    }
    std::vector<float> values(static_cast<size_t>(dyt.w) * static_cast<size_t>(outputs));
    std::vector<float> patches(static_cast<size_t>(dyt.w * patch));
    for (int n = 0; n < dyt.n; n++) {
        for (int g = 0; g < f.groups; g++) {
            const float* const filter = w + static_cast<int64_t>(g) * outputs * patch;
            float* const target = dx + n * dxt.sn + static_cast<int64_t>(g) * f.c * dxt.sc;
            for (int row = 0; row < dyt.h; row++) {
                for (int column = 0; column < dyt.w; column++) {
                    for (int k = 0; k < outputs; k++) {
                        values[static_cast<size_t>(column * outputs + k)] =
                            dy[n * dyt.sn + (static_cast<int64_t>(g) * outputs + k) * dyt.sc + row * dyt.sh + column * dyt.sw];
                    }
                }
                gemm(false, false, dyt.w, patch, outputs, alpha, values.data(), outputs, filter, patch, 0.0f, patches.data(), patch);
                for (int column = 0; column < dyt.w; column++) {
                    const float* const from = patches.data() + column * patch;
                    inside(f, dxt, row, column, [&](int64_t tap, int targetRow, int targetColumn) {
                        float* const to = target + targetRow * dxt.sh + targetColumn * dxt.sw;
                        for (int c = 0; c < f.c; c++) {
                            to[c * dxt.sc] += from[tap + c * steps];
                        }
                    });
                }
            }
        }
    }
}

}  // namespace cw
