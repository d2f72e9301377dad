package org.clockwork.cli.load;

import org.clockwork.client.ClientCore;

/** Sentences for the negative codes of a {@link ClientCore}. */
final class ClientCodes {
    private ClientCodes() {
    }

    static String sentence(final long code) {
        if (ClientCore.NOT_CONNECTED == code) {
            return "there is no session with a controller";
        }
        if (ClientCore.BACK_PRESSURED == code) {
            return "the controller takes no messages now";
        }
        if (ClientCore.TOO_MANY_EXCHANGES == code) {
            return "too many questions to the controller wait for their answer";
        }
        return "the client did not accept it (code " + code + ')';
    }
}
