package org.clockwork.sim.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.clockwork.sim.check.Check;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whole systems whose parts die, lose messages and have wrong clocks, over seeds: nothing that must hold fails. */
class FaultRunsTest {
    private static final long S = 1_000_000_000L;

    @Test
    void nothingFailsAndAllIsServedAgain() {
        for (int seed = 1; seed <= 3; seed++) {
            run(seed, 11 * S);
        }
    }

    @Tag("slow")
    @Test
    void overThousandsOfSeeds() {
        for (int seed = 100; seed < 2_100; seed++) {
            run(seed, 11 * S);
        }
    }

    private static void run(final long seed, final long durationNs) {
        final ScenarioOptions options = new ScenarioOptions();
        options.seed = seed;
        options.gpus = 4;
        options.models = List.of(20);
        options.rates = List.of(300.0);
        options.warmupNs = S;
        options.durationNs = durationNs;
        final ScenarioReport report = new ScenarioRunner(new FaultRuns(), options, line -> { }, () -> 0).run();
        final CheckLog checks = options.system.checkLog;
        for (final Check check : Check.values()) {
            if (check != Check.REFUSAL) {
                assertEquals(0, checks.wrong(check), () -> "seed=" + seed + " " + checks.text());
            }
        }
        final CaseResult result = report.results().get(0);
        assertTrue(result.score() > 0.995, () -> "seed=" + seed + " " + report.text());
        assertTrue(result.recorder().offered() > 250 * durationNs / S, report::text);
    }
}
