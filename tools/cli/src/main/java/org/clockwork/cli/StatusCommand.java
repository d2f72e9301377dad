package org.clockwork.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.clockwork.cli.load.ClientAgent;
import org.clockwork.cli.run.Shutdown;
import org.clockwork.client.ControllerStatus;
import org.clockwork.client.DeviceStatus;
import org.clockwork.client.Durations;
import org.clockwork.client.ModelInfo;
import org.clockwork.client.WorkerStatus;
import org.clockwork.loadgen.Summary;
import org.clockwork.loadgen.Table;
import org.clockwork.schema.codec.ModelState;
import org.clockwork.schema.codec.WorkerPhase;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows the controller, its workers, devices and models; its exit code is a health check. */
@Command(
    name = "status",
    description = "Shows the controller, its workers, devices, pages and models.",
    footerHeading = "%nExit code:%n",
    footer = {
        "  0  the controller answers and a live worker has a device that works",
        "  1  otherwise; the reason is printed",
        "",
        "Examples:",
        "  clockwork status",
        "  clockwork status --models --controller gpu7:14217",
        "  clockwork status --json | jq .workers"
    })
final class StatusCommand implements Callable<Integer> {
    private static final long CLOSE_LIMIT_NS = TimeUnit.SECONDS.toNanos(5);
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);
    private static final double MIB = 1024.0 * 1024.0;

    @Mixin
    private CommonOptions common;
    @Mixin
    private ClientOptions client;
    @Mixin
    private ProcessOptions process;

    @Option(names = "--json", description = "Prints JSON.")
    private boolean isJson;

    @Option(names = "--models", description = "Also lists the models.")
    private boolean isListingModels;

    @Override
    public Integer call() {
        final Shutdown shutdown = new Shutdown(CLOSE_LIMIT_NS).arm();
        int exitCode = 1;
        try (ClientSession session = ClientSession.open(
            "status", client, client.context("status"), process, shutdown, null)) {
            final ControllerStatus status = ClientAgent.await(session.agent().status());
            final List<ModelInfo> models = isListingModels ? ClientAgent.await(session.agent().models("")) : List.of();
            System.out.println(isJson ? Summary.text(json(status, models)) : text(status, models));
            exitCode = isHealthy(status) ? 0 : 1;
            return exitCode;
        } finally {
            shutdown.finished(exitCode);
        }
    }

    static boolean isHealthy(final ControllerStatus status) {
        return status.workers().stream()
            .filter(worker -> WorkerPhase.LIVE == worker.phase())
            .flatMap(worker -> worker.devices().stream())
            .anyMatch(device -> !device.isLost());
    }

    static String text(final ControllerStatus status, final List<ModelInfo> models) {
        final StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT,
            "controller %s, wire protocol %d, epoch %d, up %s, policy %s%n"
                + "clients %d, models %d (%d ready), requests in flight %d%n"
                + "since start: %d requests, %d answered, %d refused, %d failed, %d cold starts, %d malformed messages%n%n",
            status.build(), status.schemaVersion(), status.epoch(),
            Durations.format(status.uptimeNs() / SECOND_NS * SECOND_NS), status.policy(),
            status.sessions(), status.models(), status.modelsReady(), status.requestsInFlight(), status.requests(),
            status.responsesOk(), status.refused(), status.failed(), status.coldStarts(), status.malformed()));
        if (status.workers().isEmpty()) {
            text.append("no workers: start one with `clockwork worker --device cpu`");
        } else {
            text.append(workers(status.workers()));
        }
        if (!models.isEmpty()) {
            text.append(String.format("%n%n")).append(ModelText.list(models));
        }
        if (!isHealthy(status)) {
            text.append(String.format("%nNOT HEALTHY: no live worker has a device that works"));
        }
        return text.toString();
    }

    private static String workers(final List<WorkerStatus> workers) {
        final Table table = new Table(
            "worker / device", "state", "round trip", "pages free", "models", "executing", "loading", "actions");
        for (final WorkerStatus worker : workers) {
            table.row(worker.name(), worker.phase().name().toLowerCase(Locale.ROOT),
                String.format(Locale.ROOT, "%.0f us", worker.roundTripNs() / 1e3), "", "", "", "", "");
            for (final DeviceStatus device : worker.devices()) {
                table.row(
                    "  " + device.deviceIndex() + ": " + device.description() + (device.isEmulated() ? " (EMULATED)" : ""),
                    device.isLost() ? "LOST" : "ok", "",
                    String.format(Locale.ROOT, "%d of %d", device.freePages(), device.totalPages()),
                    Integer.toString(device.modelsLoaded()), share(device.executeBusyNs(), device.observedNs()),
                    share(device.loadBusyNs(), device.observedNs()), Integer.toString(device.actionsOutstanding()));
            }
        }
        return table.toString();
    }

    private static String share(final long busyNs, final long observedNs) {
        return observedNs <= 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100.0 * busyNs / observedNs);
    }

    private static ObjectNode json(final ControllerStatus status, final List<ModelInfo> models) {
        final ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("healthy", isHealthy(status)).put("epoch", status.epoch()).put("uptimeS", status.uptimeNs() / 1e9)
            .put("schemaVersion", status.schemaVersion()).put("build", status.build()).put("policy", status.policy())
            .put("sessions", status.sessions()).put("models", status.models()).put("modelsReady", status.modelsReady())
            .put("requestsInFlight", status.requestsInFlight()).put("requests", status.requests())
            .put("answered", status.responsesOk()).put("refused", status.refused()).put("failed", status.failed())
            .put("coldStarts", status.coldStarts()).put("malformed", status.malformed());
        final ArrayNode workers = json.putArray("workers");
        for (final WorkerStatus worker : status.workers()) {
            final ObjectNode node = workers.addObject().put("name", worker.name()).put("phase", worker.phase().name())
                .put("build", worker.build()).put("roundTripUs", worker.roundTripNs() / 1e3)
                .put("clockOffsetNs", worker.clockOffsetNs()).put("silentMs", worker.silentNs() / 1e6);
            final ArrayNode devices = node.putArray("devices");
            for (final DeviceStatus device : worker.devices()) {
                devices.addObject().put("index", device.deviceIndex()).put("description", device.description())
                    .put("emulated", device.isEmulated()).put("lost", device.isLost())
                    .put("pageMiB", device.pageBytes() / MIB).put("totalPages", device.totalPages())
                    .put("freePages", device.freePages()).put("modelsLoaded", device.modelsLoaded())
                    .put("executeBusyS", device.executeBusyNs() / 1e9).put("loadBusyS", device.loadBusyNs() / 1e9)
                    .put("observedS", device.observedNs() / 1e9).put("actionsOutstanding", device.actionsOutstanding());
            }
        }
        final ArrayNode entries = json.putArray("modelList");
        for (final ModelInfo model : models) {
            entries.addObject().put("name", model.name()).put("ready", ModelState.READY == model.state())
                .put("state", model.state().name()).put("pages", model.pages()).put("loadedOn", model.loadedOn());
        }
        return json;
    }
}
