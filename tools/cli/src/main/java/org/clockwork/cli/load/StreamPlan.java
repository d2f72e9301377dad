package org.clockwork.cli.load;

import java.util.List;
import org.clockwork.client.ModelInfo;

/**
 * What the requests of a stream carry.
 *
 * @param models     the stream's models, in the order of its model indices.
 * @param inputs     used in turn; null: the worker generates inputs.
 * @param seed       for generated inputs.
 * @param omitOutput whether output bytes need not come back.
 * @param answers    looks at answers; null for none.
 */
public record StreamPlan(List<ModelInfo> models, PreparedInputs inputs, long seed, boolean omitOutput, AnswerSink answers) {
    /** Copies the list. */
    public StreamPlan {
        models = List.copyOf(models);
    }
}
