/**
 * Well-known architectures, exact to the layer, with made-up weights: they take the time and memory of the real ones, and
 * their answers mean nothing. Each family is one class that reads a specification; a member is a line of data.
 */
package org.clockwork.model.zoo;
