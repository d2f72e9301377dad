package org.clockwork.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Short and long forms of input transforms, and what a registration says of them. */
class InputTransformTest {
    @Test
    void shortFormsAreReadAndWrittenWithAllNumbers() {
        final InputTransform imagenet = InputTransform.parse("imagenet");
        assertEquals(InputTransform.imagenet(), imagenet);
        assertTrue(imagenet.isChannelsLast());
        assertEquals("nhwc:0.003921569:0.485,0.456,0.406:0.229,0.224,0.225", imagenet.toString());
        final InputTransform first = InputTransform.parse("ImageNet:NCHW");
        assertFalse(first.isChannelsLast());
        for (final String form : new String[] {"imagenet:nchw", "unit", "signed:nchw", "raw", "nchw:2:1,2:4"}) {
            final InputTransform transform = InputTransform.parse(form);
            assertEquals(transform, InputTransform.parse(transform.toString()), form);
        }
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        for (final String form : new String[] {
            "", "imagnet", "unit:hwc", "unit:nhwc:1", "nhwc:1:0", "nhwc:1:0:0", "nhwc:0:0:1", "nhwc:1:0,1:1,2,3", "nhwc:x:0:1",
            "nhwc:NaN:0:1", "nhwc:1:0:1,", "nhwc:1:Infinity:1"}) {
            assertThrows(IllegalArgumentException.class, () -> InputTransform.parse(form), form);
        }
    }

    @Test
    void registrationsCarryBoth() {
        final RegisterSpec spec = RegisterSpec.file("m", Path.of("m.onnx"));
        assertEquals("", spec.options());
        assertEquals("precision=bf16", spec.precision(Precision.BF16).options());
        assertEquals("precision=bf16 input=nhwc:1.0:0.0:1.0", spec.inputTransform(InputTransform.raw()).options());
        assertEquals("input=nhwc:1.0:0.0:1.0", spec.precision(Precision.WORKER_DEFAULT).options());
    }
}
