package org.clockwork.controller.model;

import java.nio.file.Path;

/** The catalogue's file can't be used as it is; nothing was changed in it. The message names the file and the reason. */
public final class CatalogueException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CatalogueException(final Path file, final String reason, final Throwable cause) {
        super("catalogue=" + file + " reason=" + reason, cause);
    }
}
