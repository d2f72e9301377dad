package org.clockwork.device.cuda;

import static jcuda.jcublas.JCublas2.cublasSgemm;
import static jcuda.jcublas.JCublas2.cublasSgemmStridedBatched;

import jcuda.driver.CUdeviceptr;
import jcuda.jcublas.cublasOperation;

/**
 * Products of matrices by cuBLAS. Its matrices go by columns and ours by rows, so that it is asked for the transposed
 * product of the transposed factors.
 */
final class GemmCall implements Call {
    private static final int ENTRIES = 2;

    private final Gpu gpu;
    private final Shape shape;
    private final Place left;
    private final Place right;
    private final Place output;
    private final boolean isAccumulated;
    private final CUdeviceptr a = new CUdeviceptr();
    private final CUdeviceptr b = new CUdeviceptr();
    private final CUdeviceptr c = new CUdeviceptr();

    /** How one matrix lies: by rows, or by columns; the distance between them; and that between matrices of a batch. */
    record Matrix(boolean isByColumns, long lead, long inner, long outer) {
    }

    /** Rows x inner times inner x columns, {@code outerCount} times {@code batch} of them. */
    record Shape(int rows, int inner, int columns, int batch, int outerCount, Matrix left, Matrix right, Matrix output) {
    }

    GemmCall(final Gpu gpu, final Shape shape, final Place left, final Place right, final Place output,
        final boolean isAccumulated) {
        this.gpu = gpu;
        this.shape = shape;
        this.left = left;
        this.right = right;
        this.output = output;
        this.isAccumulated = isAccumulated;
    }

    @Override
    public void launch(final Frame frame) throws CudaException {
        final long leftStart = left.in(frame);
        final long rightStart = right.in(frame);
        final long outputStart = output.in(frame);
        for (int i = 0; i < shape.outerCount; i++) {
            Address.move(a, leftStart + i * shape.left.outer * Float.BYTES);
            Address.move(b, rightStart + i * shape.right.outer * Float.BYTES);
            Address.move(c, outputStart + i * shape.output.outer * Float.BYTES);
            final int status = shape.batch == 1 ? one() : batch();
            if (status != 0) {
                CudaException.checkBlas(status, "cublasSgemm");
            }
        }
    }

    private int one() {
        return cublasSgemm(gpu.blas(), operation(shape.right), operation(shape.left), shape.columns, shape.rows, shape.inner,
            gpu.one(), b, (int) shape.right.lead, a, (int) shape.left.lead, isAccumulated ? gpu.one() : gpu.zero(), c,
            (int) shape.output.lead);
    }

    private int batch() {
        return cublasSgemmStridedBatched(gpu.blas(), operation(shape.right), operation(shape.left), shape.columns, shape.rows,
            shape.inner, gpu.one(), b, (int) shape.right.lead, shape.right.inner, a, (int) shape.left.lead, shape.left.inner,
            isAccumulated ? gpu.one() : gpu.zero(), c, (int) shape.output.lead, shape.output.inner, shape.batch);
    }

    private static int operation(final Matrix matrix) {
        return matrix.isByColumns ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
    }

    @Override
    public int entries() {
        return ENTRIES * shape.outerCount;
    }

    @Override
    public String description() {
        return shape.batch == 1 ? "cublas:sgemm" : "cublas:sgemmStridedBatched";
    }
}
