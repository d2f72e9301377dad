package org.clockwork.controller.telemetry;

/** Fields of a record in the request log. */
final class RequestField {
    static final int END_NS = 0;
    static final int SESSION = 1;
    static final int REQUEST = 2;
    static final int MODEL = 3;
    static final int STATUS = 4;
    static final int ARRIVAL_NS = 5;
    static final int DEADLINE_NS = 6;
    static final int BATCH = 7;
    static final int COLD = 8;
    static final int QUEUE_NS = 9;
    static final int LOAD_NS = 10;
    static final int COPY_IN_NS = 11;
    static final int EXECUTE_NS = 12;
    static final int COPY_OUT_NS = 13;
    static final int NETWORK_NS = 14;
    static final int TOTAL_NS = 15;
    static final int COUNT = 16;
    /** First line of the file. */
    static final String HEADING = "endNs,session,request,model,status,arrivalNs,deadlineNs,batch,cold,"
        + "queueNs,loadNs,copyInNs,executeNs,copyOutNs,networkNs,totalNs";

    private RequestField() {
    }
}
