package org.clockwork.cli;

import java.util.ArrayList;
import java.util.List;
import org.clockwork.cli.load.ClientAgent;
import org.clockwork.cli.run.UserError;
import org.clockwork.client.ModelInfo;

/** Finds registered models by what a user wrote. */
final class Models {
    private Models() {
    }

    /** The model of this very name. */
    static ModelInfo byName(final ClientAgent agent, final String name) {
        return ClientAgent.await(agent.models(name)).stream()
            .filter(model -> model.name().equals(name))
            .findFirst()
            .orElseThrow(() -> new UserError(
                "no model " + name + " is registered; `clockwork models list` shows those that are"));
    }

    /** All ready models of these names or prefixes (ending with an asterisk), each once, in the order found. */
    static List<ModelInfo> matching(final ClientAgent agent, final List<String> patterns) {
        final List<ModelInfo> found = new ArrayList<>();
        for (final String pattern : patterns) {
            final boolean isPrefix = pattern.endsWith("*");
            final List<ModelInfo> models = isPrefix
                ? ClientAgent.await(agent.models(pattern.substring(0, pattern.length() - 1)))
                : List.of(byName(agent, pattern));
            final List<ModelInfo> ready = models.stream().filter(ModelInfo::isReady).toList();
            if (ready.isEmpty()) {
                throw new UserError(models.isEmpty() ? "no model name starts with " + pattern.replace("*", "")
                    : "no model of " + pattern + " is ready: " + models.get(0).name() + " is " + models.get(0).state()
                    + (models.get(0).detail().isEmpty() ? "" : " (" + models.get(0).detail() + ')'));
            }
            ready.stream().filter(model -> found.stream().noneMatch(other -> other.modelId() == model.modelId()))
                .forEach(found::add);
        }
        return found;
    }
}
