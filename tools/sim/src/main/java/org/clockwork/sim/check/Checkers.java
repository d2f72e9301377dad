package org.clockwork.sim.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.NanoClock;
import org.clockwork.controller.RequestPath;
import org.clockwork.controller.RequestPathContext;
import org.clockwork.controller.schedule.Residency;
import org.clockwork.controller.telemetry.PathObserver;
import org.clockwork.device.Backend;
import org.clockwork.schema.link.memory.MessageTap;

/**
 * All checkers of one simulation. They watch from its start; {@link #checkQuiet} looks at what must hold once everything
 * has come to rest. Single-threaded; allocate nothing per request once their tables have grown.
 */
public final class Checkers {
    private final NanoClock time;
    private final Findings findings;
    private final RefusalCounts refusals = new RefusalCounts();
    private final WireChecks wire;
    private final List<RequestLedger> ledgers = new ArrayList<>();
    /** Devices of the workers that are alive, by the worker's name; looked up only. */
    private final Map<String, ForwardingBackend<CheckedDevice>> workers = new HashMap<>();
    private final List<String> workerNames = new ArrayList<>();
    private PathChecks path;
    private String unquiet = "";

    /** Checkers by the simulation's own time. */
    public Checkers(final NanoClock virtualTime) {
        time = virtualTime;
        findings = new Findings(virtualTime);
        wire = new WireChecks(findings);
    }

    /** What they found. */
    public Findings findings() {
        return findings;
    }

    /** Refusals by their kinds. */
    public RefusalCounts refusals() {
        return refusals;
    }

    /** To be the tap of the network. */
    public MessageTap tap() {
        return wire;
    }

    /** A controller is about to start with these options: the observer to give it. */
    public PathObserver onController(final RequestPathContext options) {
        wire.onController();
        path = new PathChecks(options, wire, findings, refusals);
        return path;
    }

    /** A worker is about to start over these devices, by that clock: the backend to give it. */
    public Backend onWorker(final String name, final Backend backend, final NanoClock clock) {
        final ForwardingBackend<CheckedDevice> checked = new ForwardingBackend<>(backend,
            device -> new CheckedDevice(device, name, clock, findings));
        workers.put(name, checked);
        if (!workerNames.contains(name)) {
            workerNames.add(name);
        }
        return checked;
    }

    /** A worker's process is gone, and with it what its devices held; {@code endpoint} was its end of the network. */
    public void onWorkerGone(final String name, final int endpoint) {
        wire.onGone(endpoint);
        workers.remove(name);
        workerNames.remove(name);
    }

    /** Watches the requests of one more client. */
    public RequestLedger ledger() {
        final RequestLedger ledger = new RequestLedger(time, findings);
        ledgers.add(ledger);
        return ledger;
    }

    /** A watched device of a living worker. */
    CheckedDevice device(final String worker, final int index) {
        return workers.get(worker).forwarding().get(index);
    }

    /** What is seen on the wire. */
    WireChecks wire() {
        return wire;
    }

    /** Whether nothing is under way; what still is, says {@link #unquiet()}. */
    public boolean isQuiet(final RequestPath controller) {
        long open = 0;
        for (final RequestLedger ledger : ledgers) {
            open += ledger.open();
        }
        unquiet = "";
        if (open > 0 || controller.requestsInFlight() > 0) {
            unquiet = open + " requests at clients and " + controller.requestsInFlight() + " at the controller";
        } else if (path.openActions() > 0) {
            unquiet = path.openActions() + " actions at the controller";
        } else {
            for (final String name : workerNames) {
                for (final CheckedDevice device : workers.get(name).forwarding()) {
                    unquiet = device.isMemoryBusy() ? name + " loads or unloads" : unquiet;
                }
            }
        }
        return unquiet.isEmpty();
    }

    /** What was under way when {@link #isQuiet} was asked last; empty for nothing. */
    public String unquiet() {
        return unquiet;
    }

    /** Looks at what must hold when nothing is under way: every action has ended, and the mirror is right. */
    public void checkQuiet(final RequestPath controller) {
        findings.look(Check.ACTION_END);
        if (!isQuiet(controller)) {
            findings.report(Check.ACTION_END, "never quiet: " + unquiet);
            return;
        }
        wire.checkQuiet();
        final Mirror mirror = new Mirror();
        controller.forEachCopy(mirror::onCopy);
        mirror.end();
    }

    /** Compares the controller's mirror with what the devices hold. */
    private final class Mirror {
        private final Map<CheckedDevice, Integer> seen = new HashMap<>();

        void onCopy(final Residency copy) {
            findings.look(Check.MIRROR);
            final String name = copy.device.worker.state.name;
            final ForwardingBackend<CheckedDevice> worker = workers.get(name);
            final String text = name + " device " + copy.device.state.deviceIndex + " model " + copy.modelId;
            if (worker == null) {
                findings.report(Check.MIRROR, text + ": the worker is gone and its copies are not");
                return;
            }
            final CheckedDevice device = worker.forwarding().get(copy.device.state.deviceIndex);
            final long pages = device.pagesOf(copy.modelId);
            if (copy.state != Residency.State.LOADED || pages != copy.pages) {
                findings.report(Check.MIRROR, text + ": mirror " + copy.state + " " + copy.pages + " pages, device "
                    + (pages < 0 ? "does not hold it" : pages + " pages"));
            }
            if (copy.device.state.freePages != device.freePages()) {
                findings.report(Check.MIRROR, text + ": free pages by the mirror " + copy.device.state.freePages
                    + ", on the device " + device.freePages());
            }
            seen.merge(device, 1, Integer::sum);
        }

        void end() {
            for (final String name : workerNames) {
                for (final CheckedDevice device : workers.get(name).forwarding()) {
                    final int mirrored = seen.getOrDefault(device, 0);
                    if (mirrored != device.copyCount()) {
                        findings.report(Check.MIRROR, name + " device " + device.index() + " holds " + device.copyCount()
                            + " copies, the mirror " + mirrored);
                    }
                }
            }
        }
    }
}
