package org.clockwork.cli.run;

import io.aeron.Aeron;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.SystemNanoClock;
import org.clockwork.controller.Controller;
import org.clockwork.controller.ControllerAgent;
import org.clockwork.controller.model.CatalogueException;
import org.clockwork.schema.link.Listener;
import org.clockwork.schema.link.aeron.AeronLinks;
import org.clockwork.schema.link.aeron.AeronListener;

/** A controller with its two listeners, as one agent. Made by the command's thread, run by its agent's thread. */
public final class ControllerNode implements Agent {
    private final Listener clients;
    private final Listener workers;
    private final Controller controller;

    private ControllerNode(final Listener clients, final Listener workers, final Controller controller) {
        this.clients = clients;
        this.workers = workers;
        this.controller = controller;
    }

    /**
     * Listens and makes the controller.
     *
     * @param aeron           to listen with; invoked by the agent's thread.
     * @param clientEndpoint  host:port for clients; the next port is taken too.
     * @param workerEndpoint  host:port for workers; the next port is taken too.
     * @param context         all other options.
     * @param errorHandler    told of errors.
     */
    public static ControllerNode start(
        final Aeron aeron, final String clientEndpoint, final String workerEndpoint, final Controller.Context context,
        final ErrorHandler errorHandler) {
        final Listener clients = listen(aeron, clientEndpoint, true, errorHandler);
        Listener workers = null;
        try {
            workers = listen(aeron, workerEndpoint, false, errorHandler);
            return new ControllerNode(clients, workers, Controller.launch(context
                .clientListener(clients)
                .workerListener(workers)
                .counters(new AeronControllerCounters(aeron))
                .clock(SystemNanoClock.INSTANCE)
                .errorHandler(errorHandler)));
        } catch (final CatalogueException ex) {
            CloseHelper.quietCloseAll(workers, clients);
            throw new UserError("the controller's directory can't be used: " + ex.getMessage(), ex);
        } catch (final RuntimeException ex) {
            CloseHelper.quietCloseAll(workers, clients);
            throw ex;
        }
    }

    /** Higher than that of any controller that used its directory before. */
    public long epoch() {
        return controller.epoch();
    }

    @Override
    public int doWork() {
        return controller.agent().doWork();
    }

    @Override
    public void onClose() {
        controller.agent().onClose();
        CloseHelper.quietCloseAll(clients, workers);
    }

    @Override
    public String roleName() {
        return ControllerAgent.class.getSimpleName();
    }

    private static Listener listen(
        final Aeron aeron, final String endpoint, final boolean isForClients, final ErrorHandler errorHandler) {
        final AeronLinks.Context context = new AeronLinks.Context().aeron(aeron).endpoint(endpoint).errorHandler(errorHandler);
        try {
            return new AeronListener(isForClients ? context.clientStreams() : context.workerStreams());
        } catch (final io.aeron.exceptions.AeronException ex) {
            final boolean isTaken = String.valueOf(ex.getMessage()).contains("already in use");
            throw new UserError("cannot listen for " + (isForClients ? "clients" : "workers") + " on " + endpoint + ": "
                + (isTaken ? "that port or the next one is in use; is another controller running?" : ErrorPrinter.sentence(ex))
                + " Choose another with " + (isForClients ? "--clients" : "--workers"), ex);
        }
    }
}
