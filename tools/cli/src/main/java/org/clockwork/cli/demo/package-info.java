/**
 * The demonstration: real models of different kinds, real inputs, four kinds of arrival, answers compared with ONNX Runtime
 * run directly on the original files.
 */
package org.clockwork.cli.demo;
