---------------------------- MODULE ZabCoreSteps ----------------------------
(***************************************************************************)
(* The steps of ZabCore.tla as values: the name of an action and its       *)
(* arguments.  Who has a list of them can take them one by one             *)
(* (ZabRefinesCore.tla, and runs of the simulator in tests/proofs).        *)
(***************************************************************************)
EXTENDS ZabCore

Does(action, arguments) == [action |-> action, arguments |-> arguments]

Take(step) ==
    LET a == step.arguments
    IN  \/ step.action = "Elect"        /\ Elect(a[1])
        \/ step.action = "FollowerInfo" /\ FollowerInfo(a[1], a[2], a[3])
        \/ step.action = "ChooseEpoch"  /\ a[3] \in Quorum /\ ChooseEpoch(a[1], a[2], a[3])
        \/ step.action = "Promise"      /\ Promise(a[1], a[2], a[3])
        \/ step.action = "StartEpoch"   /\ a[3] \in Quorum /\ StartEpoch(a[1], a[2], a[3], a[4])
        \/ step.action = "SyncLog"      /\ SyncLog(a[1], a[2], a[3])
        \/ step.action = "FinishSync"   /\ FinishSync(a[1], a[2])
        \/ step.action = "Append"       /\ Append(a[1], a[2])
        \/ step.action = "Resync"       /\ Resync(a[1], a[2], a[3])
        \/ step.action = "Establish"    /\ a[3] \in Quorum /\ Establish(a[1], a[2], a[3])
        \/ step.action = "Propose"      /\ Propose(a[1], a[2], a[3])
        \/ step.action = "Commit"       /\ a[4] \in Quorum /\ Commit(a[1], a[2], a[3], a[4])
        \/ step.action = "Deliver"      /\ Deliver(a[1], a[2], a[3])
        \/ step.action = "Quit"         /\ Quit(a[1])
        \/ step.action = "Crash"        /\ Crash(a[1])

(* Place k of the log of epoch e, as a transaction of Zab.                 *)
Entry(e, k) ==
    [zxid |-> <<creator[e][k], k - initialLength[creator[e][k]]>>, value |-> value[e][k]]

IsLogOf(log, e) == \A k \in DOMAIN log : log[k] = Entry(e, k)
=============================================================================
