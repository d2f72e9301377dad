package org.clockwork.device.cuda;

import static jcuda.driver.JCudaDriver.cuLaunchKernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUstream;
import org.agrona.BufferUtil;

/** A launch of one of our kernels: its parameters lie ready, only the addresses in them are written each time. */
final class KernelCall implements Call {
    /** Most blocks of a launch whose threads take several elements each. */
    private static final int MAX_BLOCKS = 65_535;
    private static final int THREADS = 256;
    /** The address of the parameters, for the driver. */
    private static final int HEAD_BYTES = 16;

    private final String name;
    private final CUfunction function;
    private final CUstream stream;
    private final int[] grid;
    private final int[] block;
    private final ByteBuffer memory;
    private final Pointer parameters;
    private final int[] fields;
    private final Place[] places;

    /**
     * A launch.
     *
     * @param parameters the kernel's parameter, with room where addresses go.
     * @param addresses  of what, in the order of their fields.
     */
    private KernelCall(final Gpu gpu, final String name, final int[] grid, final int[] block, final ParameterBlock parameters) {
        this.name = name;
        this.grid = grid;
        this.block = block;
        function = gpu.kernels().function(name);
        stream = gpu.executeStream();
        final ByteBuffer bytes = parameters.bytes();
        memory = ByteBuffer.allocateDirect(HEAD_BYTES + bytes.remaining() + HEAD_BYTES).alignedSlice(HEAD_BYTES)
            .order(ByteOrder.nativeOrder());
        final long address = BufferUtil.address(memory);
        memory.putLong(0, address + HEAD_BYTES);
        memory.put(HEAD_BYTES, bytes, bytes.position(), bytes.remaining());
        this.parameters = Address.host(address);
        final List<ParameterBlock.Field> list = parameters.fields();
        fields = list.stream().mapToInt(field -> field.offset() + HEAD_BYTES).toArray();
        places = list.stream().map(ParameterBlock.Field::place).toArray(Place[]::new);
    }

    /** A thread for each element, or for some. */
    static KernelCall elements(final Gpu gpu, final String name, final long elements, final ParameterBlock parameters) {
        final int blocks = (int) Math.max(1, Math.min(MAX_BLOCKS, (elements + THREADS - 1) / THREADS));
        return new KernelCall(gpu, name, new int[] {blocks, 1, 1}, new int[] {THREADS, 1, 1}, parameters);
    }

    /** A block for each row, or for some. */
    static KernelCall rows(final Gpu gpu, final String name, final long rows, final int threads,
        final ParameterBlock parameters) {
        return new KernelCall(gpu, name, new int[] {(int) Math.max(1, Math.min(MAX_BLOCKS, rows)), 1, 1},
            new int[] {threads, 1, 1}, parameters);
    }

    static KernelCall of(final Gpu gpu, final String name, final int[] grid, final int[] block, final ParameterBlock parameters) {
        return new KernelCall(gpu, name, grid, block, parameters);
    }

    @Override
    public void launch(final Frame frame) throws CudaException {
        for (int i = 0; i < fields.length; i++) {
            memory.putLong(fields[i], places[i].in(frame));
        }
        final int result = cuLaunchKernel(function, grid[0], grid[1], grid[2], block[0], block[1], block[2], 0, stream,
            parameters, null);
        if (result != 0) {
            CudaException.check(result, name);
        }
    }

    @Override
    public int entries() {
        return 1;
    }

    @Override
    public String description() {
        return "kernel:" + name;
    }
}
