package org.clockwork.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.clockwork.compiler.Nets;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.DeviceStatus;
import org.clockwork.device.Operation;
import org.clockwork.emulatedcuda.EmulatedCuda;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** 10,000 random LOADs and UNLOADs near full: none fails while there are pages, and what is loaded still answers. */
final class ChurnTest {
    private static final int OPERATIONS = 10_000;
    private static final int PAGES = 12;
    private static final int NAMES = 40;
    private static final int WIDTH = 256;
    @TempDir
    private static Path directory;

    private static CompiledModel model(final Rig rig, final int pages) throws Exception {
        final int rows = pages == 1 ? 16 : (pages - 1) * (Device.PAGE_BYTES / (WIDTH * Float.BYTES)) + 1;
        return rig.compile(Rig.write(directory, "churn" + pages, new Nets().input("x", -1, rows).noise("w", rows, WIDTH)
            .node("MatMul", "m", "x", "w").node("Relu", "y", "m").model("y")), Map.of(), 1);
    }

    @Test
    void noLoadFailsWhileThereArePages() throws Exception {
        final long seed = 20_201_104L;
        final SplittableRandom random = new SplittableRandom(seed);
        try (Rig rig = new Rig(Rig.context(directory, PAGES).workspaceBytes(1 << 20).inputBytes(1 << 20).outputBytes(1 << 20))) {
            EmulatedCuda.poison(false);
            final CompiledModel[] models = {model(rig, 1), model(rig, 2), model(rig, 3)};
            final Operation[] infers = new Operation[models.length];
            final float[][] expected = new float[models.length][];
            final int[] pagesOf = new int[NAMES];
            for (int i = 0; i < models.length; i++) {
                Rig.requireOk(rig.load(-1, models[i]));
                infers[i] = rig.infer(-1, models[i], 1, 1, i);
                expected[i] = Rig.answers(models[i], rig.run(infers[i]), 0);
                Rig.requireOk(rig.unload(-1));
            }
            for (int i = 0; i < OPERATIONS; i++) {
                final int name = random.nextInt(NAMES);
                final int used = Arrays.stream(pagesOf).sum();
                if (pagesOf[name] > 0) {
                    final int kind = pagesOf[name] - 1;
                    infers[kind].clearResults();
                    infers[kind].modelId = name;
                    Rig.requireOk(rig.run(infers[kind]));
                    assertEquals(0, Rig.distance(Rig.answers(models[kind], infers[kind], 0), expected[kind]), "seed=" + seed);
                    Rig.requireOk(rig.unload(name));
                    pagesOf[name] = 0;
                } else {
                    // larger ones are seldom, as their bytes take time
                    final int kind = random.nextInt(20);
                    final int pages = kind == 0 ? 3 : kind < 3 ? 2 : 1;
                    final boolean fits = used + pages <= PAGES;
                    final Operation load = rig.load(name, models[pages - 1]);
                    assertEquals(fits ? DeviceStatus.OK : DeviceStatus.NO_PAGES, load.status,
                        () -> "seed=" + seed + ' ' + load.detail);
                    pagesOf[name] = fits ? pages : 0;
                }
                assertEquals(PAGES - Arrays.stream(pagesOf).sum(), rig.device.freePages());
            }
        }
    }
}
