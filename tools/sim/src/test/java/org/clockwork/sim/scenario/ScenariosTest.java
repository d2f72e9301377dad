package org.clockwork.sim.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.clockwork.loadgen.Summary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each scenario at small size with the default policy: its counts, and how they stand to its bound. */
class ScenariosTest {
    private static final long MS = 1_000_000L;
    private static final long S = 1_000 * MS;

    private final ScenarioOptions options = new ScenarioOptions();
    private JsonNode json;

    @Test
    void compareFillsTheDeviceAndSharesIt() {
        options.slosNs = List.of(25 * MS, 100 * MS);
        options.length(S, 4 * S);
        run("compare");
        for (int i = 0; i < 2; i++) {
            assertTrue(metric(i, "of bound %") >= 0.9, json::toPrettyString);
            assertTrue(metric(i, "of bound %") <= 1.02, json::toPrettyString);
            assertTrue(metric(i, "least") >= 0.6, json::toPrettyString);
            assertEquals(15, json.get("runs").get(i).get("summary").get("groups").size());
        }
    }

    @Test
    void thousandsLeaveTheEstablishedModelAlone() {
        options.active = List.of(1_000);
        options.length(4 * S, 4 * S);
        run("thousands");
        assertTrue(metric(0, "one %") >= 0.95, json::toPrettyString);
        assertTrue(metric(0, "rest/s") >= 0.75 * metric(0, "bound/s"), json::toPrettyString);
        assertTrue(metric(0, "rest/s") <= 1.05 * metric(0, "bound/s"), json::toPrettyString);
        assertTrue(metric(0, "loads/s") >= 80, json::toPrettyString);
    }

    @Test
    void modelsBecomeActiveOneByOne() {
        options.models = List.of(5);
        options.durationNs = 8 * S;
        final ScenarioReport report = run("thousands");
        assertTrue(report.text().contains("5 to 5"), report::text);
        assertEquals(8.0, json.get("durationS").asDouble());
        assertTrue(json.get("groups").get("rest").get("offered").asLong() > 7_500, json::toPrettyString);
    }

    @Test
    void howLowStaysBelowWhatIsPossible() {
        options.models = List.of(12);
        options.rates = List.of(600.0, 2_400.0);
        options.multiples = List.of(1.0, 2.25, 7.6);
        options.length(S, 3 * S);
        run("how-low");
        for (int i = 0; i < 6; i++) {
            assertTrue(metric(i, "in time %") <= metric(i, "bound %") + 0.002, json::toPrettyString);
        }
        assertEquals(0, metric(0, "in time %"), "an execution and its hops take longer than the execution");
        assertEquals(0, metric(0, "bound %"));
        assertTrue(metric(1, "in time %") >= 0.99, json::toPrettyString);
        assertTrue(metric(2, "in time %") >= 0.999, json::toPrettyString);
        assertTrue(metric(5, "in time %") >= 0.99, json::toPrettyString);
    }

    @Test
    void isolationLeavesSensitiveRequestsInTimeAndDoesBatchWork() {
        options.multiples = List.of(17.0);
        options.length(S, 2 * S);
        run("isolation");
        assertTrue(metric(0, "alone %") >= 0.999, json::toPrettyString);
        assertTrue(metric(0, "12x16 %") >= 0.99, json::toPrettyString);
        assertTrue(metric(0, "48x4 %") >= 0.99, json::toPrettyString);
        assertTrue(metric(0, "12x16 batch/s") >= metric(0, "safe/s") * 0.9, json::toPrettyString);
        assertTrue(metric(0, "12x16 batch/s") <= metric(0, "12x16 most/s") * 1.02, json::toPrettyString);
        assertEquals(5, json.get("groups").size());
    }

    @Test
    void whereNoBatchIsSafeIsolationShowsWhatKeepingDevicesFreeWouldGive() {
        options.gpus = 2;
        options.multiples = List.of(2.25);
        options.length(S / 2, S / 2);
        final ScenarioReport report = run("isolation");
        assertTrue(report.text().contains("trade-off at 6.14 ms"), report::text);
        assertTrue(report.text().contains("0: 0.000 % and 1850"), report::text);
    }

    @Test
    void overloadDoesNotLowerGoodput() {
        options.gpus = 2;
        options.models = List.of(60);
        options.rates = List.of(800.0, 3_200.0, 6_400.0);
        options.length(S, 3 * S);
        run("overload");
        assertTrue(metric(1, "in time/s") >= 0.97 * metric(0, "in time/s"), json::toPrettyString);
        assertTrue(metric(2, "in time/s") >= 0.97 * metric(1, "in time/s"), json::toPrettyString);
        for (int i = 0; i < 3; i++) {
            assertTrue(metric(i, "answers in time %") >= 0.999, json::toPrettyString);
            assertTrue(metric(i, "of offered %") <= 1, json::toPrettyString);
        }
    }

    @Test
    void everySeedIsShownAndOfSeveralLookAheadsTheBest() {
        options.slosNs = List.of(25 * MS);
        options.models = List.of(4);
        options.policies = List.of("paper", "slack");
        options.seed = 5;
        options.seeds = 2;
        options.length(S / 2, S / 2);
        final ScenarioReport report = run("compare");
        assertEquals(4, json.get("runs").size());
        assertEquals(2, json.get("overSeeds").size());
        final double[] goodput = {metric(0, "in time/s"), metric(1, "in time/s")};
        final JsonNode over = json.get("overSeeds").get(0).get("in time/s");
        assertEquals((goodput[0] + goodput[1]) / 2, over.get("mean").asDouble(), 1e-9);
        assertEquals(Math.min(goodput[0], goodput[1]), over.get("min").asDouble(), 1e-9);
        assertEquals(Math.max(goodput[0], goodput[1]), over.get("max").asDouble(), 1e-9);
        assertTrue(json.get("runs").get(0).get("lookAheadUs").asDouble() >= 2_000, json::toPrettyString);
        assertTrue(json.get("runs").get(2).get("lookAheadUs").isNull(), json::toPrettyString);
        for (final String word : List.of("mean", "min", "max", "paper", "slack")) {
            assertTrue(report.text().contains(word), report::text);
        }
        assertEquals(List.of("5", "6"), seedsOf(0, 1));
        assertCsv(report.csv());
    }

    private void assertCsv(final List<String> lines) {
        assertEquals(1 + json.get("runs").size(), lines.size());
        final List<String> head = List.of(lines.get(0).split(","));
        assertEquals(List.of("scenario", "case", "policy", "lookAheadUs", "seed", "offeredPerS"), head.subList(0, 6));
        for (int run = 0; run < lines.size() - 1; run++) {
            final List<String> cells = List.of(lines.get(run + 1).split(",", -1));
            assertEquals(head.size(), cells.size(), lines.get(run + 1));
            assertEquals(seedsOf(run).get(0), cells.get(head.indexOf("seed")));
            assertEquals(metric(run, "in time/s"), Double.parseDouble(cells.get(head.indexOf("in time/s"))));
            assertEquals(json.get("runs").get(run).get("summary").get("latencyUs").get("p50").asDouble(),
                Double.parseDouble(cells.get(head.indexOf("p50Us"))));
            assertEquals("", cells.get(head.indexOf("p999Us")), "too few samples");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"compare", "thousands", "how-low", "isolation", "overload"})
    void itsHeadSaysWhatIsRun(final String name) {
        final Scenario scenario = Scenarios.of(name);
        new ScenarioRunner(scenario, options, line -> { }, () -> 0);
        final String head = ScenarioReport.head(scenario, options);
        for (final String word : List.of(name, "seeds: 1", "hop: 50.0 us", "12.0 GB/s", "controller's cycle", "counted after")) {
            assertTrue(head.contains(word), head);
        }
    }

    @Test
    void wrongOptionsAreRefusedInASentence() {
        assertThrows(IllegalArgumentException.class, () -> Scenarios.of("nothing"));
        options.policies = List.of("none");
        refused("there is no policy 'none'");
        options.policies = List.of("slack");
        options.seeds = 0;
        refused("--seeds");
        options.seeds = 1;
        options.slosNs = List.of(0L);
        refused("--slo");
        options.slosNs = null;
        options.system.clockDriftPpb = 200_001;
        refused("--clock-drift");
        options.system.clockDriftPpb = 200_000;
        options.system.loss = 1;
        refused("--loss");
        options.system.loss = 0.99;
        new ScenarioRunner(Scenarios.of("compare"), options, line -> { }, () -> 0);
    }

    private void refused(final String beginning) {
        final Exception ex = assertThrows(IllegalArgumentException.class,
            () -> new ScenarioRunner(Scenarios.of("compare"), options, line -> { }, () -> 0));
        assertTrue(ex.getMessage().startsWith(beginning), ex.getMessage());
    }

    private ScenarioReport run(final String name) {
        final ScenarioReport report = new ScenarioRunner(Scenarios.of(name), options, line -> { }, () -> 0).run();
        final Summary summary = report.summary(new Summary.Run(0, 0, options.seed, "test", Map.of(), false));
        json = report.json(summary);
        assertTrue(summary.isValid(), () -> summary.whyNot().toString());
        assertTrue(summary.emulated());
        assertEquals("generated", summary.input());
        assertEquals(0, summary.total().failed(), json::toPrettyString);
        assertEquals(0, options.system.checkLog.wrong(), options.system.checkLog::text);
        return report;
    }

    private List<String> seedsOf(final int... runs) {
        final List<String> seeds = new ArrayList<>();
        for (final int run : runs) {
            seeds.add(json.get("runs").get(run).get("seed").asText());
        }
        return seeds;
    }

    private double metric(final int run, final String name) {
        final JsonNode value = json.get("runs").get(run).get("metrics").get(name);
        assertTrue(value != null, () -> name + " in " + json.toPrettyString());
        return value.asDouble();
    }
}
