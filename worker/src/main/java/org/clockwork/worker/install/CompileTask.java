package org.clockwork.worker.install;

import java.nio.file.Path;
import java.util.Queue;
import org.clockwork.device.Backend;
import org.clockwork.device.CompiledModel;
import org.clockwork.device.Device;
import org.clockwork.device.ModelException;
import org.clockwork.worker.input.InputStore;

/** Compiles an artifact, and sees whether any device can hold it. */
final class CompileTask extends InstallTask {
    private static final int MAX_OUTPUT_TENSORS = 64;
    private final Installer installer;
    private final Artifact artifact;
    private final Path file;
    private final Backend backend;
    private CompiledModel model;

    CompileTask(
            final Queue<InstallTask> done, final Installer installer, final Artifact artifact, final Path file,
            final Backend backend) {
        super(done);
        this.installer = installer;
        this.artifact = artifact;
        this.file = file;
        this.backend = backend;
    }

    @Override
    void perform() throws Exception {
        model = backend.compile(artifact.source(file));
        try {
            int mostPages = 0;
            for (final Device device : backend.devices()) {
                mostPages = Math.max(mostPages, device.totalPages());
            }
            if (model.pages() > mostPages) {
                throw new ModelException(ModelException.Reason.TOO_LARGE, "no device has enough memory for the model:"
                    + " modelPages=" + model.pages() + " largestDevicePages=" + mostPages);
            }
            artifact.compiled(model, InputStore.MAX_TENSORS, MAX_OUTPUT_TENSORS);
        } catch (final ModelException e) {
            closeModel();
            throw e;
        }
    }

    @Override
    void complete(final long nowNs) {
        installer.onCompiled(artifact, failure);
    }

    /** Frees what was compiled, if anybody still could. */
    void closeModel() {
        if (model != null) {
            model.close();
            model = null;
        }
    }
}
