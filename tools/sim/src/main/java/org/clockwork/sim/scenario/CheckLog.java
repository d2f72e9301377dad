package org.clockwork.sim.scenario;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.clockwork.sim.check.ActionLog;
import org.clockwork.sim.check.Check;
import org.clockwork.sim.check.Checkers;
import org.clockwork.sim.check.Findings;
import org.clockwork.sim.check.RefusalCounts;

/** What the checkers of all runs of a command have found, and where the runs log their actions. Owned by its thread. */
public final class CheckLog {
    private final List<Entry> entries = new ArrayList<>();
    private Path actionLog;
    private int logs;

    /** What was found in one run. */
    private record Entry(String policy, long seed, Findings findings, RefusalCounts refusals, String hash, long actions) {
    }

    /** Makes each run write a log of its actions: the first to this file, the second to the same name with .2 and so on. */
    public void actionLog(final Path file) {
        actionLog = file;
    }

    /** The log for the next run. */
    ActionLog nextLog() {
        logs++;
        if (actionLog == null) {
            return new ActionLog();
        }
        final Path file = logs == 1 ? actionLog : actionLog.resolveSibling(actionLog.getFileName() + "." + logs);
        try {
            return new ActionLog(new BufferedOutputStream(Files.newOutputStream(file)));
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    void add(final SimOptions options, final Checkers checkers, final ActionLog log) {
        entries.add(new Entry(
            options.policy, options.seed, checkers.findings(), checkers.refusals(), log.hash(), log.actions()));
    }

    /** Things that were found wrong in all runs. */
    public long wrong() {
        return entries.stream().mapToLong(entry -> entry.findings.wrong()).sum();
    }

    /** Things that one check found wrong in all runs. */
    public long wrong(final Check check) {
        return entries.stream().mapToLong(entry -> entry.findings.wrong(check)).sum();
    }

    /** Refusals of all runs whose reason is a policy's choice or a limit. */
    public long refusedByPolicy() {
        return entries.stream().mapToLong(entry -> entry.refusals.byPolicy()).sum();
    }

    /** Hash of the actions and ends of each run. */
    public List<String> hashes() {
        return entries.stream().map(Entry::hash).toList();
    }

    /** For people: a line for each check, and what was found. */
    public String text() {
        final StringBuilder text = new StringBuilder("checks (wrong of looked at):");
        for (final Check check : Check.values()) {
            text.append(System.lineSeparator()).append("  ").append(wrong(check)).append(" of ")
                .append(entries.stream().mapToLong(entry -> entry.findings.looked(check)).sum())
                .append("  ").append(check.sentence());
        }
        text.append(System.lineSeparator()).append("refusals: ");
        final RefusalCounts refusals = new RefusalCounts();
        entries.forEach(entry -> refusals.add(entry.refusals));
        text.append(refusals);
        for (final Entry entry : entries) {
            text.append(System.lineSeparator()).append("actions of ").append(entry.policy).append(" seed ")
                .append(entry.seed).append(": ").append(entry.actions).append(", hash ").append(entry.hash);
            entry.findings.sentences().forEach(
                sentence -> text.append(System.lineSeparator()).append("  CHECK FAILED: ").append(sentence));
        }
        return text.toString();
    }

    /** For programs. */
    ArrayNode json(final ObjectNode parent) {
        final ArrayNode runs = parent.putArray("checks");
        for (final Entry entry : entries) {
            final ObjectNode run = runs.addObject();
            run.put("policy", entry.policy);
            run.put("seed", entry.seed);
            run.put("actions", entry.actions);
            run.put("hash", entry.hash);
            final ObjectNode wrong = run.putObject("wrong");
            final ObjectNode looked = run.putObject("looked");
            for (final Check check : Check.values()) {
                wrong.put(check.name(), entry.findings.wrong(check));
                looked.put(check.name(), entry.findings.looked(check));
            }
            final ObjectNode refusals = run.putObject("refusals");
            refusals.put("verified", entry.refusals.verified());
            refusals.put("atArrival", entry.refusals.atArrival());
            refusals.put("afterFailure", entry.refusals.afterFailure());
            refusals.put("afterAttempts", entry.refusals.afterAttempts());
            final ObjectNode policy = refusals.putObject("byPolicy");
            for (final Map.Entry<String, Long> count : entry.refusals.byPolicyStatus().entrySet()) {
                policy.put(count.getKey(), count.getValue());
            }
            final ArrayNode sentences = run.putArray("findings");
            entry.findings.sentences().forEach(sentences::add);
        }
        return runs;
    }
}
