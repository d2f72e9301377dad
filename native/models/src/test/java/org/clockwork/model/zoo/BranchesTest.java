package org.clockwork.model.zoo;

import static org.junit.jupiter.api.Assertions.*;

import java.util.List;
import org.clockwork.model.onnx.Net;
import org.clockwork.model.onnx.Value;
import org.junit.jupiter.api.Test;

/** The notation of branches. */
final class BranchesTest {
    private final Net net = new Net("test", 1);
    private final Value x = net.input("input", 8, 17, 17);

    @Test
    void stepsAreReadFromText() {
        assertEquals(List.of(5, 17, 17), Branches.branch(net, x, "5:3").shape());
        assertEquals(List.of(5, 17, 17), Branches.branch(net, x, "5:7x1 5:1x7").shape());
        assertEquals(List.of(5, 8, 8), Branches.branch(net, x, "5:3/2v").shape());
        assertEquals(List.of(5, 9, 9), Branches.branch(net, x, "5:3/2").shape());
        assertEquals(List.of(8, 8, 8), Branches.branch(net, x, "max3/2").shape());
        assertEquals(List.of(8, 17, 17), Branches.branch(net, x, "avg3").shape());
        assertEquals(List.of(8, 9, 9), Branches.branch(net, x, "max2/2c").shape());
        assertEquals(List.of(12, 17, 17), Branches.branch(net, x, "4:1 {5:1x3|7:3x1}").shape());
        assertEquals(List.of(13, 17, 17), Branches.joined(net, x, "5:1", "max3").shape());
    }

    @Test
    void whatIsNoStepIsRefused() {
        for (final String bad : new String[] {"5", "5:", "5:3/", "min3", "5:3w", ""}) {
            assertThrows(IllegalArgumentException.class, () -> Branches.branch(net, x, bad), bad);
        }
    }
}
