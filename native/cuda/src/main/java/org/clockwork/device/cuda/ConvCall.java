package org.clockwork.device.cuda;

import static jcuda.jcudnn.JCudnn.cudnnConvolutionForward;

import jcuda.driver.CUdeviceptr;

/** A convolution by cuDNN, by the algorithm that is chosen at the time. */
final class ConvCall implements Call {
    private static final int ENTRIES = 4;

    private final Gpu gpu;
    private final ConvShape shape;
    private final AlgorithmChoices.Choice choice;
    private final Place input;
    private final Place filters;
    private final Place output;
    private final Place scratch;
    private final boolean isAccumulated;
    private final CUdeviceptr x = new CUdeviceptr();
    private final CUdeviceptr w = new CUdeviceptr();
    private final CUdeviceptr y = new CUdeviceptr();
    private final CUdeviceptr s = new CUdeviceptr();

    /**
     * Takes over {@code shape}.
     *
     * @param scratch as large as the most that any candidate needs.
     */
    ConvCall(final Gpu gpu, final ConvShape shape, final AlgorithmChoices.Choice choice, final Place input,
        final Place filters, final Place output, final Place scratch, final boolean isAccumulated) {
        this.gpu = gpu;
        this.shape = shape;
        this.choice = choice;
        this.input = input;
        this.filters = filters;
        this.output = output;
        this.scratch = scratch;
        this.isAccumulated = isAccumulated;
    }

    AlgorithmChoices.Choice choice() {
        return choice;
    }

    @Override
    public void launch(final Frame frame) throws CudaException {
        launch(frame, choice.chosen());
    }

    /** With one of the candidates. */
    void launch(final Frame frame, final ConvShape.Algorithm algorithm) throws CudaException {
        Address.move(x, input.in(frame));
        Address.move(w, filters.in(frame));
        Address.move(y, output.in(frame));
        Address.move(s, scratch.in(frame));
        final int status = cudnnConvolutionForward(gpu.dnn(), gpu.one(), shape.input(), x, shape.filters(), w,
            shape.convolution(), algorithm.number(), s, algorithm.scratchBytes(), isAccumulated ? gpu.one() : gpu.zero(),
            shape.output(), y);
        if (status != 0) {
            CudaException.checkDnn(status, "cudnnConvolutionForward");
        }
    }

    @Override
    public int entries() {
        return ENTRIES;
    }

    @Override
    public String description() {
        return "cudnn:convolution" + choice.chosen().number();
    }

    @Override
    public void close() {
        shape.close();
    }
}
