package org.clockwork.worker.action;

/** Where an action is in its life. */
public enum ActionState {
    /** In the pool. */
    FREE,
    /** Being checked. */
    ARRIVING,
    /** In the window queue of its engine. */
    QUEUED,
    /** In the device. */
    RUNNING,
    /** Over; its outputs or result are still to be sent. */
    ENDED
}
