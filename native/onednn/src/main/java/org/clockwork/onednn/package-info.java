/**
 * Runs plans of the model compiler with oneDNN on this machine's processor. All memory is the caller's: weights, inputs,
 * outputs and workspace are addresses; primitives are made when a model is compiled, and executing allocates nothing.
 */
package org.clockwork.onednn;
