package org.clockwork.controller.action;

import org.clockwork.controller.request.Request;
import org.clockwork.controller.schedule.DevicePlan;
import org.clockwork.controller.schedule.Residency;
import org.clockwork.schema.Ids;
import org.clockwork.schema.Protocol;
import org.clockwork.schema.codec.ActionKind;

/**
 * One slot of the action table: what a worker was or is about to be told, and what was predicted of it. All times are in
 * the controller's clock. A pooled, mutable carrier with plain fields. Owned by the controller agent.
 */
public final class Action {
    /** Position in the table. */
    public final int index;
    /** Grows with each use of the slot. */
    public int generation;
    /** Whether the slot holds an action. */
    public boolean isUsed;
    /** What it asks for. */
    public ActionKind kind;
    /** Where. */
    public DevicePlan device;
    /** The copy of a model that it is about. */
    public Residency copy;
    /** Requests of the batch, for INFER. */
    public final Request[] requests = new Request[Protocol.MAX_BATCH];
    /** How many they are. */
    public int requestCount;
    /** Batch size to execute, for INFER and PROFILE. */
    public int batchSize;
    /** The same as an index of profiles. */
    public int batchIndex;

    /** Not to be started before. */
    public long earliestNs;
    /** Not to be started after. */
    public long latestNs;
    /** Expected time until its data are on the device. */
    public long copyInNs;
    /** Expected time on its engine. */
    public long durationNs;
    /** Expected time from the engine to host memory. */
    public long copyOutNs;
    /** Earliest time at which its engine could start it, were the engine free. */
    public long readyNs;
    /** Predicted start on its engine, as of when it was made. */
    public long predictedStartNs;
    /** Predicted end of it all, as of when it was made. */
    public long predictedEndNs;
    /** When it was made. */
    public long createdNs;
    /** When it was handed to the link, if it was. */
    public long sentNs;
    /** Whether it was handed to the link. */
    public boolean isSent;
    /** Whether a CANCEL-ACTION was asked for. */
    public boolean isCancelled;
    /** When the worker is given up about it. */
    public long timeoutNs;

    /** Next older one on its engine. */
    public Action previousOnEngine;
    /** Next younger one on its engine. */
    public Action nextOnEngine;

    /** Next one that waits to be sent to the same worker. */
    public Action nextToSend;
    /** Next one whose inputs wait to be sent to the same worker. */
    public Action nextInBulk;

    /** Input being sent on the bulk lane: position in {@link #requests}. */
    public int bulkRequest;
    /** Tensor of it. */
    public int bulkTensor;
    /** Position in the tensor. */
    public int bulkPosition;
    /** Whether inputs of this action travel on the bulk lane. */
    public boolean hasBulkInput;

    Action(final int index) {
        this.index = index;
    }

    /** Wire id. */
    public long id() {
        return Ids.id(generation, index);
    }

    /** Whether it occupies the execution engine. */
    public boolean isExecution() {
        return kind == ActionKind.INFER || kind == ActionKind.PROFILE;
    }

    void reset() {
        for (int i = 0; i < requestCount; i++) {
            requests[i] = null;
        }
        requestCount = 0;
        kind = null;
        device = null;
        copy = null;
        batchSize = 0;
        batchIndex = 0;
        isSent = false;
        isCancelled = false;
        previousOnEngine = null;
        nextOnEngine = null;
        nextToSend = null;
        nextInBulk = null;
        bulkRequest = 0;
        bulkTensor = 0;
        bulkPosition = 0;
        hasBulkInput = false;
    }
}
