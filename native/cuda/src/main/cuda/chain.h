// What is done with each number before it is stored: functions and additions, one after the other. The Java side writes
// the same bytes (ChainBlock); the numbers of the functions are those of org.clockwork.compiler.Op.Function.
#pragma once
#include "cwcuda.h"

#define CHAIN_MAX 6

enum ChainKind {
    RELU, CLIP, SIGMOID, TANH, GELU, GELU_TANH, HARD_SIGMOID, HARD_SWISH, SWISH, LINEAR, POWER, EXP, LOG, SQRT, ABS, ELU, SOFT_PLUS,
    // element of another tensor that lies like the output
    ADD_LIKE_OUTPUT = 32,
    // element of another tensor that lies like the second input
    ADD_LIKE_SECOND = 33
};

struct ChainOp {
    const float* other;
    int kind;
    float alpha;
    float beta;
    int unused;
};

struct Chain {
    int count;
    int unused;
    ChainOp ops[CHAIN_MAX];
};

CW_DEVICE float apply(int kind, float alpha, float beta, float x) {
    switch (kind) {
        case RELU:
            return x > 0.0f ? x : alpha * x;
        case CLIP:
            return x < alpha ? alpha : x > beta ? beta : x;
        case SIGMOID:
            return cwSigmoid(x);
        case TANH:
            return cwTanh(x);
        case GELU:
            return 0.5f * x * (1.0f + cwErf(x * 0.70710678f));
        case GELU_TANH:
            return 0.5f * x * (1.0f + cwTanh(0.79788456f * (x + 0.044715f * x * x * x)));
        case HARD_SIGMOID:
        case HARD_SWISH: {
            float y = alpha * x + beta;
            y = y < 0.0f ? 0.0f : y > 1.0f ? 1.0f : y;
            return kind == HARD_SWISH ? x * y : y;
        }
        case SWISH:
            return x * cwSigmoid(alpha * x);
        case LINEAR:
            return alpha * x + beta;
        case POWER:
            return alpha * cwPow(x, beta);
        case EXP:
            return cwExp(x);
        case LOG:
            return cwLog(x);
        case SQRT:
            return cwSqrt(x);
        case ABS:
            return x < 0.0f ? -x : x;
        case ELU:
            return x > 0.0f ? x : alpha * (cwExp(x) - 1.0f);
        case SOFT_PLUS:
            return x > 0.0f ? x + cwLog(1.0f + cwExp(-x)) : cwLog(1.0f + cwExp(x));
        default:
            return x;
    }
}

CW_DEVICE float chained(const Chain& chain, float value, int outputAt, int secondAt) {
    for (int i = 0; i < chain.count; i++) {
        const ChainOp& op = chain.ops[i];
        if (op.kind == ADD_LIKE_OUTPUT) {
            value += op.other[outputAt];
        } else if (op.kind == ADD_LIKE_SECOND) {
            value += op.other[secondAt];
        } else {
            value = apply(op.kind, op.alpha, op.beta, value);
        }
    }
    return value;
}
