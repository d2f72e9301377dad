package org.clockwork.cli.demo;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import org.clockwork.cli.load.Phases;
import org.clockwork.loadgen.Summary;
import org.clockwork.loadgen.SummaryText;

/**
 * What a demonstration ended with.
 *
 * @param summary     of the load.
 * @param load        that was made.
 * @param phases      where the time went.
 * @param engines     how busy each was while the load was recorded.
 * @param checks      comparison of answers, per row.
 * @param longestCycleNs longest turn of an agent's thread while the load was recorded.
 * @param options     it ran with.
 * @param isCutShort  whether it was ended early.
 */
public record DemoReport(
    Summary summary, DemoLoad load, Phases phases, List<EngineBusy> engines, List<AnswerCheck> checks,
    long longestCycleNs, DemoOptions options, boolean isCutShort) {
    private static final double HEADROOM = 10.0;

    /** Whether every sampled answer is right, there are enough of them, and no request failed. */
    public boolean isGood() {
        return 0 == summary.total().failed() && 0 == summary.total().missing()
            && checks.stream().allMatch(check -> 0 == check.wrong() && (isCutShort || check.checked() >= Demo.SAMPLES));
    }

    /** For people. */
    public String text() {
        final StringBuilder text = new StringBuilder();
        text.append(SummaryText.of(summary)).append(line()).append(line());
        for (final EngineBusy engine : engines) {
            text.append(String.format(Locale.ROOT, "%s: execution engine busy %.1f %%, load engine busy %.1f %% of the time%n",
                engine.device(), 100.0 * engine.executeShare(), 100.0 * engine.loadShare()));
        }
        text.append(String.format(Locale.ROOT, "longest turn of an agent's thread: %.1f ms%n", longestCycleNs / 1e6));
        text.append(line());
        for (final AnswerCheck check : checks) {
            text.append(check.text()).append(line());
        }
        final long wrong = checks.stream().mapToLong(AnswerCheck::wrong).sum();
        final long checked = checks.stream().mapToLong(AnswerCheck::checked).sum();
        text.append(String.format(Locale.ROOT,
            "%s: %d sampled answers agree with ONNX Runtime run directly, %d do not (limit %.0e)%n",
            0 == wrong ? "VERIFIED" : "WRONG ANSWERS", checked - wrong, wrong, ReferenceCheck.TOLERANCE));
        text.append(line()).append(String.format(Locale.ROOT,
            "IN TIME: %s of %d requests within %.0f ms (cold starts %d, failed %d)%n",
            SummaryText.percent(summary.total().attainment()), summary.total().offered(), options.sloNs() / 1e6,
            summary.total().coldStarts(), summary.total().failed()));
        if (null != options.hlog()) {
            text.append("latencies, second by second: ").append(options.hlog().toAbsolutePath()).append(line());
        }
        return text.append(line()).append(next()).toString();
    }

    /** For programs: the summary, and what only a demonstration knows. */
    public ObjectNode json() {
        final ObjectNode json = summary.toJson();
        phases.putTo(json);
        final ObjectNode demo = json.putObject("demo");
        demo.put("good", isGood()).put("cutShort", isCutShort).put("sloMs", options.sloNs() / 1e6)
            .put("ratePerS", load.ratePerS()).put("defaultRatePerS", load.defaultRatePerS())
            .put("demandedShare", load.demandedShare()).put("profileCapacityPerS", load.capacityPerS())
            .put("longestCycleMs", longestCycleNs / 1e6)
            .put("hlog", null == options.hlog() ? null : options.hlog().toAbsolutePath().toString());
        final ArrayNode engineList = demo.putArray("engines");
        for (final EngineBusy engine : engines) {
            engineList.addObject().put("device", engine.device()).put("executeShare", engine.executeShare())
                .put("loadShare", engine.loadShare());
        }
        final ArrayNode models = demo.putArray("models");
        for (int i = 0; i < load.rows().size(); i++) {
            final DemoRow row = load.rows().get(i);
            final AnswerCheck check = checks.get(i);
            final ObjectNode node = models.addObject().put("name", row.model().name()).put("names", row.infos().size())
                .put("pattern", row.model().pattern().label()).put("ratePerS", load.rate(row))
                .put("executeMs", row.executeNs() / 1e6).put("loadMs", row.infos().get(0).loadNs() / 1e6)
                .put("pages", row.infos().get(0).pages());
            node.put("answersChecked", check.checked()).put("answersWrong", check.wrong()).put("worstDifference", check.worst());
        }
        return json;
    }

    private String next() {
        return String.format(Locale.ROOT,
            "Try next:%n"
                + "  clockwork demo --rate %.0f            ten times the load: what can't be met is refused at once%n"
                + "  clockwork demo --slo 25ms             a tighter SLO%n"
                + "  clockwork demo --seconds 60 --json F  longer, with a summary for programs%n"
                + "  clockwork controller, worker, models, infer, load, status: the same as separate processes (--help)",
            load.defaultRatePerS() * HEADROOM);
    }

    private static String line() {
        return System.lineSeparator();
    }
}
