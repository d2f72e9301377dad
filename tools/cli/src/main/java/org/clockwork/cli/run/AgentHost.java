package org.clockwork.cli.run;

import io.aeron.Aeron;
import io.aeron.exceptions.AeronException;
import io.aeron.exceptions.RegistrationException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.CompositeAgent;

/**
 * Runs the agents of a process on the threads of its plan: all on one, with the media driver and the Aeron client; or each
 * on its own, with an Aeron client of its own. Made and closed by the command's thread.
 */
public final class AgentHost implements AutoCloseable {
    private final Transport transport;
    private final List<AgentRunner> runners = new ArrayList<>();
    private final List<CycleWatch> watches = new ArrayList<>();

    private AgentHost(final Transport transport) {
        this.transport = transport;
    }

    /**
     * Makes the agents and starts them.
     *
     * @param role         for names of threads and directories.
     * @param directory    of an external driver, or null to embed one.
     * @param plan         threads and idling.
     * @param errorHandler told of errors; the agents go on.
     * @param makers       make each agent with the Aeron client that its thread invokes.
     */
    public static AgentHost start(
        final String role, final String directory, final ThreadingPlan plan, final ErrorHandler errorHandler,
        final List<Function<Aeron, Agent>> makers) {
        final AgentHost host = new AgentHost(Transport.launch(role, directory, plan, errorHandler));
        try {
            if (ThreadingMode.SHARED == plan.mode()) {
                host.addShared(plan, errorHandler, makers);
            } else {
                for (final Function<Aeron, Agent> maker : makers) {
                    final Aeron client = host.transport.newClient();
                    host.add(plan, errorHandler, List.of(Transport.conductorAgent(client), maker.apply(client)));
                }
            }
        } catch (final RegistrationException ex) {
            host.close();
            throw new UserError("Aeron refused it: " + ex.getMessage()
                + (String.valueOf(ex.getMessage()).contains("in use") ? ": is another controller running?" : ""), ex);
        } catch (final AeronException ex) {
            host.close();
            throw new UserError("Aeron: " + ex.getMessage(), ex);
        } catch (final UncheckedIOException ex) {
            host.close();
            throw new UserError(ex.getMessage() + " (" + ex.getCause().getMessage() + ')', ex);
        } catch (final RuntimeException ex) {
            host.close();
            throw ex;
        }
        host.runners.forEach(AgentRunner::startOnThread);
        return host;
    }

    /** Whether all agents run; one that ended by itself has failed. */
    public boolean isRunning() {
        return runners.stream().noneMatch(AgentRunner::isClosed);
    }

    /** Longest turn of any agent's thread since the last {@link #resetLongestCycle()}. */
    public long longestCycleNs() {
        return watches.stream().mapToLong(CycleWatch::longestNs).max().orElse(0);
    }

    /** Forgets the longest turn so far. */
    public void resetLongestCycle() {
        watches.forEach(CycleWatch::reset);
    }

    /** Where the media driver keeps its files. */
    public String aeronDirectory() {
        return transport.directory();
    }

    /** Ends the agents, the last one first, then clients and driver. */
    @Override
    public void close() {
        for (int i = runners.size() - 1; i >= 0; i--) {
            CloseHelper.quietClose(runners.get(i));
        }
        CloseHelper.quietClose(transport);
    }

    private void addShared(
        final ThreadingPlan plan, final ErrorHandler errorHandler, final List<Function<Aeron, Agent>> makers) {
        final Aeron client = transport.newClient();
        final List<Agent> agents = new ArrayList<>();
        if (transport.isDriverInvoked()) {
            agents.add(transport.driverAgent());
        }
        agents.add(Transport.conductorAgent(client));
        for (final Function<Aeron, Agent> maker : makers) {
            agents.add(maker.apply(client));
        }
        add(plan, errorHandler, agents);
    }

    private void add(final ThreadingPlan plan, final ErrorHandler errorHandler, final List<Agent> agents) {
        final CycleWatch watch = new CycleWatch();
        final List<Agent> watched = new ArrayList<>(agents);
        watched.add(watch);
        watches.add(watch);
        runners.add(new AgentRunner(plan.newIdleStrategy(), errorHandler, null, new CompositeAgent(watched)));
    }
}
