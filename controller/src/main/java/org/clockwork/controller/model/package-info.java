/** The catalogue: models, the artifacts they run, profiles, registration, and the file that survives a restart. */
package org.clockwork.controller.model;
