package org.clockwork.controller.session;

import java.util.ArrayList;
import org.clockwork.controller.model.Model;
import org.clockwork.schema.codec.ModelState;

/** Remembers which session is to be told of which model's states, and queues what is due. Owned by the controller agent. */
public final class Watches {
    private final Queries queries;

    Watches(final Queries queries) {
        this.queries = queries;
    }

    /** From now on, until the model takes requests or never will, the session is told of its states, starting with this. */
    public void watch(final ClientSession session, final Model model, final long correlationId) {
        if (model.watches == null) {
            model.watches = new ArrayList<>(1);
        }
        model.watches.removeIf(watch -> watch.session.isClosed);
        ModelWatch watch = null;
        for (int i = 0; i < model.watches.size() && watch == null; i++) {
            watch = model.watches.get(i).session == session ? model.watches.get(i) : null;
        }
        if (watch == null) {
            watch = new ModelWatch(session, model);
            model.watches.add(watch);
        }
        watch.correlationId = correlationId;
        due(watch);
    }

    /** A model came to a state: those who watch it are to be told. */
    public void onModelState(final Model model, final long nowNs) {
        if (model.watches != null) {
            for (int i = 0; i < model.watches.size(); i++) {
                due(model.watches.get(i));
            }
        }
    }

    /** A watch was told of its model's state. */
    static void told(final ModelWatch watch) {
        watch.isDue = false;
        final Model model = watch.model;
        if (isFinal(model.state)) {
            model.watches.remove(watch);
            if (model.watches.isEmpty()) {
                model.watches = null;
            }
        }
    }

    private void due(final ModelWatch watch) {
        if (!watch.isDue && !watch.session.isClosed) {
            watch.isDue = true;
            watch.session.entriesDue.addLast(watch);
            queries.activate(watch.session);
        }
    }

    private static boolean isFinal(final ModelState state) {
        return state == ModelState.READY || state == ModelState.FAILED || state == ModelState.UNREGISTERED;
    }
}
