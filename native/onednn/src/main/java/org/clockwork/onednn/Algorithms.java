package org.clockwork.onednn;

import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.clockwork.compiler.Op;

/** oneDNN's names of a plan's functions. Stateless. */
final class Algorithms {
    private Algorithms() {
    }

    static int of(final Op.Function function) {
        return switch (function) {
            case RELU -> algorithm.eltwise_relu.value;
            case CLIP -> algorithm.eltwise_clip.value;
            case SIGMOID -> algorithm.eltwise_logistic.value;
            case TANH -> algorithm.eltwise_tanh.value;
            case GELU -> algorithm.eltwise_gelu_erf.value;
            case GELU_TANH -> algorithm.eltwise_gelu_tanh.value;
            case HARD_SIGMOID -> algorithm.eltwise_hardsigmoid.value;
            case HARD_SWISH -> algorithm.eltwise_hardswish.value;
            case SWISH -> algorithm.eltwise_swish.value;
            case LINEAR -> algorithm.eltwise_linear.value;
            case POWER -> algorithm.eltwise_pow.value;
            case EXP -> algorithm.eltwise_exp.value;
            case LOG -> algorithm.eltwise_log.value;
            case SQRT -> algorithm.eltwise_sqrt.value;
            case ABS -> algorithm.eltwise_abs.value;
            case ELU -> algorithm.eltwise_elu.value;
            case SOFT_PLUS -> algorithm.eltwise_soft_relu.value;
        };
    }

    static int of(final Op.Pair function) {
        return switch (function) {
            case ADD -> algorithm.binary_add.value;
            case SUB -> algorithm.binary_sub.value;
            case MUL -> algorithm.binary_mul.value;
            case DIV -> algorithm.binary_div.value;
            case MAX -> algorithm.binary_max.value;
            case MIN -> algorithm.binary_min.value;
        };
    }

    static int of(final Op.Many what) {
        return switch (what) {
            case SUM -> algorithm.reduction_sum.value;
            case MEAN -> algorithm.reduction_mean.value;
            case MAX -> algorithm.reduction_max.value;
            case MIN -> algorithm.reduction_min.value;
        };
    }
}
