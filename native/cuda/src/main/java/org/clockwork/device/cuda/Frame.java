package org.clockwork.device.cuda;

/** Where everything is for one execution. Owned by the execution engine's thread. */
final class Frame {
    /** First byte of the weights. */
    long weights;
    /** First byte of the inputs. */
    long inputs;
    /** First byte of the outputs. */
    long outputs;
    /** First byte of the workspace. */
    long workspace;
    /** Word that a kernel sets when what it reads makes no sense. */
    long error;
}
