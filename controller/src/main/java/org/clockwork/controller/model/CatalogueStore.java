package org.clockwork.controller.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import org.clockwork.controller.storage.FilePort;
import org.clockwork.controller.storage.ModelFiles;

/**
 * The controller's directory: the catalogue's file, the model files, and the lock that keeps other controllers out. It is
 * opened by the launching thread, before the agent starts; the catalogue then belongs to the agent.
 */
public final class CatalogueStore implements AutoCloseable {
    private final Options options;
    private final AutoCloseable lock;
    private final CatalogueFile file;
    private final ModelFiles files;
    private final Catalogue catalogue;
    private final Set<String> storedFiles = new HashSet<>();

    /**
     * Limits and times.
     *
     * @param catalogue         limits of the catalogue.
     * @param maxFileBytes      of one model file.
     * @param maxTransfers      files that clients send at once.
     * @param transferTimeoutNs without a chunk.
     * @param defaultMaxBatch   for registrations that state none.
     * @param profileSaveNs     between writes of what was measured.
     * @param retryNs           after the catalogue's file could not be written.
     */
    public record Options(
        Catalogue.Options catalogue, long maxFileBytes, int maxTransfers, long transferTimeoutNs, int defaultMaxBatch,
        long profileSaveNs, long retryNs) {
    }

    /**
     * Takes the directory, reads its catalogue and begins a new epoch in it.
     *
     * @throws CatalogueException naming the file and what is wrong with it; nothing was changed then.
     */
    public CatalogueStore(final FilePort port, final Path directory, final Options options) {
        this.options = options;
        file = new CatalogueFile(port, directory);
        files = new ModelFiles(port, directory.resolve("models"));
        lock = lock(port, directory);
        try {
            catalogue = new Catalogue(options.catalogue, file.read(), file.path());
            file.write(catalogue.toRecord());
            collectFiles();
        } catch (final IOException ex) {
            close();
            throw new CatalogueException(file.path(), "can't be written: " + ex, ex);
        } catch (final RuntimeException ex) {
            close();
            throw ex;
        }
    }

    /** What is registered. */
    public Catalogue catalogue() {
        return catalogue;
    }

    Options options() {
        return options;
    }

    CatalogueFile file() {
        return file;
    }

    ModelFiles files() {
        return files;
    }

    /** Digests of the files that are there. */
    Set<String> storedFiles() {
        return storedFiles;
    }

    /** Writes the catalogue as it is; only when no agent owns it any more. */
    public void save() throws IOException {
        file.write(catalogue.toRecord());
    }

    /** Gives the directory back. */
    @Override
    public void close() {
        try {
            lock.close();
        } catch (final Exception ex) {
            throw new IllegalStateException("lock of " + file.path().getParent(), ex);
        }
    }

    private void collectFiles() throws IOException {
        for (int id = 0; id < catalogue.maxArtifacts(); id++) {
            final Artifact artifact = catalogue.artifact(id);
            if (artifact != null && artifact.profileName.isEmpty()) {
                final String sha256 = HexFormat.of().formatHex(artifact.fileSha256());
                if (files.holds(sha256, artifact.fileLength)) {
                    storedFiles.add(sha256);
                }
            }
        }
        files.clean(storedFiles::contains);
    }

    private AutoCloseable lock(final FilePort port, final Path directory) {
        try {
            port.makeDirectory(directory);
            final AutoCloseable taken = port.lock(directory.resolve("controller.lock"));
            if (taken == null) {
                throw new CatalogueException(file.path(), "another controller uses the directory " + directory, null);
            }
            return taken;
        } catch (final IOException ex) {
            throw new CatalogueException(file.path(), "directory " + directory + " can't be used: " + ex, ex);
        }
    }
}
