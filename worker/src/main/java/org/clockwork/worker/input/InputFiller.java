package org.clockwork.worker.input;

import org.clockwork.worker.action.Action;
import org.clockwork.worker.install.Tensors;

/**
 * Fills generated inputs a slice at a time, so that no cycle of the agent is held up by a large batch. Owned by the
 * worker agent.
 */
public final class InputFiller {
    private final HostArena arena;
    private final int sliceElements;

    /** Fills at most about {@code sliceElements} elements each time it is called. */
    public InputFiller(final HostArena arena, final int sliceElements) {
        this.arena = arena;
        this.sliceElements = sliceElements;
    }

    /** Whether all generated inputs of an action are there. */
    public static boolean isFilled(final Action action) {
        return action.fillRequest == action.requestCount;
    }

    /** Notes that nothing is to be filled. */
    public static void skip(final Action action) {
        action.fillRequest = action.requestCount;
    }

    /** Goes on with an action; returns elements filled, at most one slice. */
    public int fill(final Action action) {
        final Tensors tensors = action.artifact.inputs();
        int left = sliceElements;
        skipDone(action, tensors);
        while (left > 0 && !isFilled(action)) {
            final int elements = tensors.elements(action.fillTensor);
            final int count = Math.min(left, elements - action.fillElement);
            int offset = action.inputOffsets[action.fillRequest];
            for (int i = 0; i < action.fillTensor; i++) {
                offset += tensors.bytes(i);
            }
            GeneratedInput.fill(action.seeds[action.fillRequest], action.fillTensor, tensors.spec(action.fillTensor),
                action.fillElement, count, arena.memory(), offset);
            action.fillElement += count;
            left -= count;
            if (action.fillElement == elements) {
                action.fillElement = 0;
                action.fillTensor++;
                skipDone(action, tensors);
            }
        }
        return sliceElements - left;
    }

    private static void skipDone(final Action action, final Tensors tensors) {
        while (!isFilled(action)
            && (!action.isGenerated[action.fillRequest] || action.fillTensor == tensors.count())) {
            action.fillRequest++;
            action.fillTensor = 0;
        }
    }
}
