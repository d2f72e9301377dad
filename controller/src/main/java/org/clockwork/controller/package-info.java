/**
 * The controller: makes all choices, knows how long everything takes, and answers or refuses each request in time.
 *
 * <p>Packages follow the way of a request: {@code request}, {@code queue}, {@code schedule}, {@code action},
 * {@code dispatch}, {@code result}, {@code response}; beside them {@code session} (clients), {@code cluster} (workers
 * and devices) and {@code model} (the catalogue). One thread owns all of it.
 */
package org.clockwork.controller;
