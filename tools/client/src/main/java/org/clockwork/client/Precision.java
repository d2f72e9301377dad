package org.clockwork.client;

/** In what precision a model is computed. */
public enum Precision {
    /** As the worker likes it; 32-bit floats unless it was told otherwise. */
    WORKER_DEFAULT(""),
    /** 32-bit floats. */
    FP32("fp32"),
    /** BFLOAT16 between the steps; refused where the processor does not compute with it. */
    BF16("bf16");

    final String word;

    Precision(final String word) {
        this.word = word;
    }
}
