package org.clockwork.cli.load;

import org.clockwork.client.InferResult;

/** Looks at answers while they are valid; called on the agent's thread for each answered request of a stream. */
@FunctionalInterface
public interface AnswerSink {
    /** An answer to the prepared input of this index. */
    void onAnswer(int input, InferResult result);
}
