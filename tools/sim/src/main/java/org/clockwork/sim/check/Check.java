package org.clockwork.sim.check;

/** What must hold in every simulation, whatever its faults. */
public enum Check {
    /** Client and controller end each request once. */
    ONE_END("each request ends exactly once"),
    /** The client's verdict against the simulation's own clock. */
    IN_TIME("nothing is reported in time that was not"),
    /** An OK needs an execution that named the request and was reported done. */
    EXECUTED("nothing is answered that was not executed"),
    /** Executions, copies in and LOADs of one device, each among themselves. */
    ENGINE("no engine runs two things"),
    /** Windows as the worker was told. */
    WINDOW("nothing starts outside its window"),
    /** Counted from LOADs and UNLOADs that were done. */
    PAGES("pages used never exceed pages owned"),
    /** Copies of models on devices. */
    MIRROR("the controller's mirror equals the workers' memory once all is quiet"),
    /** In the controller's table and on the wire. */
    ACTION_END("each action ends in a result or a time-out"),
    /** Computed anew from the promises made. */
    REFUSAL("each refusal has a reason that holds");

    private final String sentence;

    Check(final String sentence) {
        this.sentence = sentence;
    }

    /** What must hold. */
    public String sentence() {
        return sentence;
    }
}
