/**
 * Turns a model file into static plans: one for each batch size, every step, shape and byte known before the first
 * request. Plans belong to no engine; a backend turns their steps into its own calls.
 *
 * <p>The way: {@link org.clockwork.compiler.OnnxReader} reads what anybody may have sent,
 * {@link org.clockwork.compiler.Dimensions} fixes all dimensions but the batch,
 * {@link org.clockwork.compiler.PlanCompiler} makes {@link org.clockwork.compiler.Plan}s of it.
 */
package org.clockwork.compiler;
