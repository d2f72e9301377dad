package org.clockwork.controller.telemetry;

/** Fields of a record in the action log. */
final class ActionField {
    static final int REPORTED_NS = 0;
    static final int ACTION = 1;
    static final int KIND = 2;
    static final int WORKER = 3;
    static final int DEVICE = 4;
    static final int MODEL = 5;
    static final int BATCH = 6;
    static final int REQUESTS = 7;
    static final int STATUS = 8;
    static final int CREATED_NS = 9;
    static final int SENT_NS = 10;
    static final int LATEST_NS = 11;
    static final int PREDICTED_START_NS = 12;
    static final int START_NS = 13;
    static final int EXPECTED_COPY_IN_NS = 14;
    static final int COPY_IN_NS = 15;
    static final int EXPECTED_NS = 16;
    static final int MEASURED_NS = 17;
    static final int EXPECTED_COPY_OUT_NS = 18;
    static final int COPY_OUT_NS = 19;
    static final int PREDICTED_END_NS = 20;
    static final int END_NS = 21;
    static final int COUNT = 22;
    /** First line of the file. */
    static final String HEADING = "reportedNs,action,kind,worker,device,model,batch,requests,status,createdNs,sentNs,latestNs,"
        + "predictedStartNs,startNs,expectedCopyInNs,copyInNs,expectedNs,measuredNs,expectedCopyOutNs,copyOutNs,"
        + "predictedEndNs,endNs";

    private ActionField() {
    }
}
