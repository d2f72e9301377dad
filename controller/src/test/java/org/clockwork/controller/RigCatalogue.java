package org.clockwork.controller;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.clockwork.controller.model.Artifact;
import org.clockwork.controller.model.Model;
import org.clockwork.controller.model.ModelCatalogue;
import org.clockwork.controller.model.Profile;
import org.clockwork.schema.Ids;
import org.clockwork.schema.codec.DataType;
import org.clockwork.schema.codec.ModelState;

/** A catalogue in memory. */
final class RigCatalogue implements ModelCatalogue {
    final List<Model> models = new ArrayList<>();
    final List<Artifact> artifacts = new ArrayList<>();
    int profiledCalls;

    /** An artifact of one input and one output tensor; its durations are known if {@code executeNs} are given. */
    Artifact artifact(final int pages, final int inputBytes, final int outputBytes, final long loadNs, final long... executeNs) {
        final Artifact artifact = new Artifact(
            artifacts.size(), new byte[32], new byte[32], 0, "p", Map.of(), 16, new Profile(10, 99));
        artifact.pages = pages;
        artifact.weightsBytes = pages * 16L * 1024 * 1024;
        artifact.inputBytes = inputBytes;
        artifact.outputBytes = outputBytes;
        artifact.maxBatch = 16;
        artifact.tensors = List.of(
            new Artifact.Tensor(false, DataType.FLOAT32, inputBytes, "in", ""),
            new Artifact.Tensor(true, DataType.FLOAT32, outputBytes, "out", ""));
        if (executeNs.length > 0) {
            artifact.profile.recordLoad(loadNs);
            for (int i = 0; i < executeNs.length; i++) {
                artifact.profile.recordExecute(i, executeNs[i]);
            }
        }
        artifacts.add(artifact);
        return artifact;
    }

    Model model(final Artifact artifact) {
        final int index = models.size();
        final Model model = new Model(Ids.id(1, index), index, "m" + index, artifact);
        model.defaultSloNs = org.clockwork.schema.Protocol.NULL_NS;
        model.state = artifact.profile.batchSizeCount() > 0 ? ModelState.READY : ModelState.PROFILING;
        models.add(model);
        artifact.modelCount++;
        return model;
    }

    @Override
    public Model byId(final long modelId) {
        final int index = Ids.index(modelId);
        final Model model = index < 0 || index >= models.size() ? null : models.get(index);
        return model != null && model.id == modelId && model.state != ModelState.UNREGISTERED ? model : null;
    }

    @Override
    public void onProfiled(final Artifact artifact, final long nowNs) {
        profiledCalls++;
        artifact.isProfiled = true;
        for (final Model model : models) {
            if (model.artifact == artifact && model.state == ModelState.PROFILING) {
                model.state = ModelState.READY;
            }
        }
    }
}
