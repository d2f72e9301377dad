package org.clockwork.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.CloseHelper;
import org.agrona.concurrent.SystemNanoClock;
import org.clockwork.cli.load.ClientAgent;
import org.clockwork.cli.run.AgentHost;
import org.clockwork.cli.run.ErrorPrinter;
import org.clockwork.cli.run.Shutdown;
import org.clockwork.cli.run.ThreadingPlan;
import org.clockwork.cli.run.UserError;
import org.clockwork.client.ClockworkClient;

/** A client on a thread of its own, connected: what the client commands work with. Made and closed by the command's thread. */
final class ClientSession implements AutoCloseable {
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final ErrorPrinter errors;
    private final AgentHost host;
    private final ClientAgent agent;

    private ClientSession(final ErrorPrinter errors, final AgentHost host, final ClientAgent agent) {
        this.errors = errors;
        this.host = host;
        this.agent = agent;
    }

    /** Opens a session, or fails with a sentence when no controller grants one in time. */
    static ClientSession open(
        final String role, final ClientOptions client, final ClockworkClient.Context context,
        final ProcessOptions process, final Shutdown shutdown, final PrintStream log) {
        final ThreadingPlan plan = process.plan(1, 0);
        final ErrorPrinter errors = new ErrorPrinter(System.err, role, Main.isDebug());
        final ClientAgent[] agent = new ClientAgent[1];
        final AgentHost host = AgentHost.start(role, process.aeronDirectory(), plan, errors, List.of(aeron -> {
            agent[0] = new ClientAgent(context.aeron(aeron).errorHandler(errors), SystemNanoClock.INSTANCE);
            return agent[0];
        }));
        if (null != log) {
            log.println(plan.describe());
        }
        final ClientSession session = new ClientSession(errors, host, agent[0]);
        try {
            session.awaitConnected(client, shutdown);
        } catch (final RuntimeException ex) {
            session.close();
            throw ex;
        }
        return session;
    }

    ClientAgent agent() {
        return agent;
    }

    @Override
    public void close() {
        CloseHelper.quietCloseAll(host, errors);
    }

    private void awaitConnected(final ClientOptions client, final Shutdown shutdown) {
        final long deadlineNs = System.nanoTime() + client.connectTimeoutNs();
        while (!agent.isConnected()) {
            if (shutdown.isRequested()) {
                throw new UserError("stopped before a controller had answered");
            }
            if (System.nanoTime() - deadlineNs > 0) {
                throw new UserError("no controller answers: " + ClientAgent.await(agent.lastReason())
                    + ". Start one with `clockwork controller`, or name another with --controller");
            }
            LockSupport.parkNanos(POLL_NS);
        }
    }
}
