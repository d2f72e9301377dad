package org.clockwork.emulatedcuda;

import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.jcublas.JCublas2.cublasCreate;
import static jcuda.jcublas.JCublas2.cublasDestroy;
import static jcuda.jcublas.JCublas2.cublasSetMathMode;
import static jcuda.jcublas.JCublas2.cublasSetStream;
import static jcuda.jcublas.JCublas2.cublasSetWorkspace;
import static jcuda.jcublas.JCublas2.cublasSgemm;
import static jcuda.jcublas.JCublas2.cublasSgemmStridedBatched;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.jcublas.cublasHandle;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** cuBLAS's products on the stand-ins are those of plain loops, and wrong dimensions are refused. */
final class BlasTest {
    private static final int NOT_INITIALIZED = 1;
    private static final int INVALID_VALUE = 7;
    private static final int EXECUTION_FAILED = 13;
    private final cublasHandle handle = new cublasHandle();

    @BeforeEach
    void prepare() {
        Driver.prepare();
    }

    private CUstream open(final Driver driver) {
        assertEquals(0, cublasCreate(handle));
        driver.onClose(() -> assertEquals(0, cublasDestroy(handle)));
        final CUstream stream = driver.stream();
        assertEquals(0, cublasSetStream(handle, new cudaStream_t(stream)));
        assertEquals(0, cublasSetMathMode(handle, 0));
        return stream;
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 1, 1, 1, 1", "0, 0, 7, 5, 3, 2", "1, 0, 7, 5, 3, 2", "0, 1, 7, 5, 3, 2", "1, 1, 7, 5, 3, 1",
        "0, 0, 130, 33, 300, 1", "1, 0, 97, 2100, 17, 1"})
    void shouldMultiply(final int ta, final int tb, final int m, final int n, final int k, final int batch) {
        final float[] a = ConvolutionCase.random(1, m * k * batch);
        final float[] b = ConvolutionCase.random(2, k * n * batch);
        final float[] c = ConvolutionCase.random(3, m * n * batch);
        final float[] expected = new float[c.length];
        for (int i = 0; i < c.length; i++) {
            final int row = i % m;
            final int column = i / m % n;
            final int image = i / (m * n);
            double sum = 0;
            for (int p = 0; p < k; p++) {
                final int atA = ta == 0 ? row + p * m : p + row * k;
                final int atB = tb == 0 ? p + column * k : column + p * n;
                sum += (double) a[image * m * k + atA] * b[image * k * n + atB];
            }
            expected[i] = (float) (1.5 * sum + 0.5 * c[i]);
        }
        try (Driver driver = new Driver()) {
            final CUstream stream = open(driver);
            final CUdeviceptr target = driver.upload(c);
            final Pointer alpha = Pointer.to(new float[] {1.5f});
            final Pointer beta = Pointer.to(new float[] {0.5f});
            assertEquals(0, cublasSgemmStridedBatched(
                handle, ta, tb, m, n, k, alpha, driver.upload(a), ta == 0 ? m : k, (long) m * k,
                driver.upload(b), tb == 0 ? k : n, (long) k * n, beta, target, m, (long) m * n, batch));
            Driver.check(cuStreamSynchronize(stream));
            assertArrayEquals(expected, Driver.download(target, c.length), 1e-4f);
        }
    }

    @Test
    void shouldRefuseWhatDoesNotFit() {
        try (Driver driver = new Driver()) {
            open(driver);
            final CUdeviceptr at = driver.upload(new float[64]);
            assertEquals(0, multiply(4, 4, 4, at, 4));
            assertEquals(INVALID_VALUE, multiply(4, 4, 4, at, 3));
            Driver.breached("leading dimension");
            assertEquals(INVALID_VALUE, multiply(-1, 4, 4, at, 4));
            Driver.breached("negative");
            assertEquals(INVALID_VALUE, multiply(4, 4, 4, at.withByteOffset(2), 4));
            Driver.breached("not aligned");
            final CUdeviceptr workspace = driver.allocate(4096);
            assertEquals(0, cublasSetWorkspace(handle, workspace, 4096));
            assertEquals(INVALID_VALUE, cublasSetWorkspace(handle, workspace.withByteOffset(128), 1024));
            Driver.breached("256 bytes");
            assertEquals(0, multiply(8, 8, 8, at, 8));
            assertEquals(NOT_INITIALIZED, cublasSgemm(new cublasHandle(), 0, 0, 4, 4, 4, one(), at, 4, at, 4, one(), at, 4));
            Driver.breached("no such handle");
        }
    }

    @Test
    void shouldLoseTheContextOverAMatrixThatIsTooLarge() {
        try (Driver driver = new Driver()) {
            final CUstream stream = open(driver);
            final CUdeviceptr at = driver.upload(new float[64]);
            assertEquals(0, multiply(8, 9, 8, at, 8));
            assertEquals(jcuda.driver.CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, cuStreamSynchronize(stream));
            Driver.breached("past the end of its allocation");
            assertEquals(EXECUTION_FAILED, multiply(8, 8, 8, at, 8));
            driver.abandon();
            assertEquals(0, cublasDestroy(handle));
        }
    }

    private static Pointer one() {
        return Pointer.to(new float[] {1});
    }

    private int multiply(final int m, final int n, final int k, final CUdeviceptr at, final int ld) {
        return cublasSgemm(handle, 0, 0, m, n, k, one(), at, ld, at, ld, one(), at, ld);
    }
}
