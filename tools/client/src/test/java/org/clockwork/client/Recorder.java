package org.clockwork.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.clockwork.schema.codec.Status;

/** Keeps what a core reports. */
final class Recorder implements ResponseHandler {
    /** One end. */
    record End(long requestId, long token, Object attachment, Status status, boolean isInTime, long latencyNs,
        boolean isFromController, String detail, List<byte[]> outputs) {
    }

    final List<End> ends = new ArrayList<>();
    final Map<Long, Integer> endsById = new HashMap<>();
    final List<Long> released = new ArrayList<>();

    @Override
    public void onResponse(final InferResult result) {
        final List<byte[]> outputs = new ArrayList<>();
        for (int i = 0; i < result.outputCount(); i++) {
            final byte[] bytes = new byte[result.output(i).capacity()];
            result.output(i).getBytes(0, bytes);
            outputs.add(bytes);
        }
        ends.add(new End(
            result.requestId(), result.token(), result.attachment(), result.status(), result.isInTime(),
            result.latencyNs(), result.isFromController(), result.detail(), outputs));
        endsById.merge(result.requestId(), 1, Integer::sum);
    }

    @Override
    public void onInputReleased(final long requestId, final long token) {
        released.add(requestId);
    }

    End last() {
        return ends.get(ends.size() - 1);
    }
}
