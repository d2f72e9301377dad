package org.clockwork.compiler;

import static org.junit.jupiter.api.Assertions.*;

import java.util.List;
import org.clockwork.device.ElementType;
import org.clockwork.device.InputTransform;
import org.clockwork.device.ModelException;
import org.clockwork.device.ModelOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Options of registrations as the protocol writes them. */
final class ModelOptionsTest {
    @Test
    void wordsAreRead() throws Exception {
        assertEquals(ModelOptions.NONE, ModelOptions.parse(""));
        assertEquals(ModelOptions.of(ElementType.BFLOAT16), ModelOptions.parse("precision=bf16"));
        final ModelOptions both = ModelOptions.parse("precision=fp32 input=nchw:0.5:1.0,2.0:4.0");
        assertEquals(new ModelOptions(ElementType.FLOAT32,
            new InputTransform(false, 0.5f, List.of(1f, 2f), List.of(4f))), both);
        assertEquals(0.125f, both.transform().factor(1));
        assertEquals(-0.5f, both.transform().shift(1));
        assertTrue(both.transform().suits(2));
        assertFalse(both.transform().suits(3));
    }

    @ParameterizedTest
    @ValueSource(strings = {"precision=fp16", "precision=", "precision=bf16 precision=bf16", "bf16", " ", "input=nhwc:1:0:0",
        "input=nhwc:1:0", "input=hwc:1:0:1", "input=nhwc:NaN:0:1", "input=nhwc:1:Infinity:1", "input=nhwc:x:0:1",
        "input=nhwc:1::1", "input=nhwc:0:0:1", "input=nhwc:1:0:1 "})
    void whatIsNotUnderstoodIsNamed(final String text) {
        final ModelException refusal = assertThrows(ModelException.class, () -> ModelOptions.parse(text));
        assertTrue(refusal.getMessage().contains("is not understood"), refusal.getMessage());
    }
}
