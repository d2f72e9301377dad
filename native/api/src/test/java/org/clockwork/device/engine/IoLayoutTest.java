package org.clockwork.device.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.clockwork.device.ElementType;
import org.clockwork.device.ModelException;
import org.clockwork.device.TensorSpec;
import org.junit.jupiter.api.Test;

/** Tensors start where they are aligned, and a batch fits up to the last byte. */
final class IoLayoutTest {
    private static TensorSpec bytes(final int count) {
        return new TensorSpec("t" + count, ElementType.UINT8, List.of(count));
    }

    @Test
    void tensorsAreAlignedInTheSlotAndPackedInARequest() {
        final IoLayout.Side side = new IoLayout(List.of(bytes(60), bytes(10), bytes(3)), List.of(), 64).inputs();
        assertEquals(3, side.tensors());
        assertEquals(70, side.requestOffset(2));
        assertEquals(64, side.offset(1, 1));
        assertEquals(128, side.offset(1, 2));
        assertEquals(131, side.total(1));
        assertEquals(128, side.offset(2, 1));
        assertEquals(192, side.offset(2, 2));
        assertEquals(198, side.total(2));
    }

    @Test
    void theLargestBatchIsWhatFits() throws ModelException {
        final IoLayout layout = new IoLayout(List.of(bytes(10)), List.of(bytes(20)), 64);
        assertEquals(4, layout.largestBatch(9, 49, 1000));
        assertEquals(5, layout.largestBatch(9, 50, 1000));
        assertEquals(2, layout.largestBatch(9, 50, 59));
        assertEquals(9, layout.largestBatch(9, 1000, 1000));
        final ModelException refusal = assertThrows(ModelException.class, () -> layout.largestBatch(9, 9, 1000));
        assertEquals(ModelException.Reason.TOO_LARGE, refusal.reason());
        assertTrue(refusal.getMessage().contains("inputBytes=10 of 9"), refusal.getMessage());
        assertEquals(3, new IoLayout(List.of(), List.of(), 64).largestBatch(3, 1, 1));
    }

    @Test
    void aRequestBeyondTwoGibibytesIsRefused() {
        assertThrows(ArithmeticException.class,
            () -> new IoLayout(List.of(bytes(Integer.MAX_VALUE), bytes(1)), List.of(), 64));
    }
}
