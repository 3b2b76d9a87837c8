---------------------------- MODULE ScriptedRun ----------------------------
(***************************************************************************)
(* The runs of ZabCore from Init that take actions in a given order, each  *)
(* by a given server: Script is a sequence of records [action, server].    *)
(* All other parameters are open.  A mistake in a copy of ZabCore shows in *)
(* what such a run breaks.                                                 *)
(***************************************************************************)
EXTENDS ZabCore

CONSTANTS Script, MaxEpoch, MaxIndex

VARIABLE at

RunEpoch == 0..MaxEpoch
RunIndex == 0..MaxIndex

Act(action, s) ==
    \/ action = "Elect" /\ Elect(s)
    \/ action = "FollowerInfo" /\ \E l \in Server :
           reported[l][s] = -1 /\ FollowerInfo(s, l, acceptedEpoch[s])
    \/ action = "ChooseEpoch" /\ \E e \in Epoch, P \in Quorum : ChooseEpoch(s, e, P)
    \/ action = "Promise" /\ \E e \in Epoch, l \in Server : Promise(s, e, l)
    \/ action = "StartEpoch" /\ \E e \in Epoch, P \in Quorum, m \in Server : StartEpoch(s, e, P, m)
    \/ action = "SyncLog" /\ \E e \in Epoch, n \in Index : SyncLog(s, e, n)
    \/ action = "FinishSync" /\ \E e \in Epoch : FinishSync(s, e)
    \/ action = "Append" /\ \E e \in Epoch : Append(s, e)
    \/ action = "Resync" /\ \E e \in Epoch, n \in Index : Resync(s, e, n)
    \/ action = "Establish" /\ \E e \in Epoch, P \in Quorum : Establish(s, e, P)
    \/ action = "Propose" /\ \E e \in Epoch, v \in Value : Propose(s, e, v)
    \/ action = "Commit" /\ \E e \in Epoch, i \in Index, P \in Quorum : Commit(s, e, i, P)
    \/ action = "Deliver" /\ \E e \in Epoch, i \in Index : Deliver(s, e, i)
    \/ action = "Quit" /\ Quit(s)
    \/ action = "Crash" /\ Crash(s)

RunInit == Init /\ at = 0

RunNext ==
    /\ at + 1 \in DOMAIN Script
    /\ at' = at + 1
    /\ Act(Script[at + 1].action, Script[at + 1].server)

RunSpec == RunInit /\ [][RunNext]_<<vars, at>>

EpochsAlwaysRise == [][EpochsNeverGoBack]_vars
CommitsAlwaysStay == [][CommittedStays]_vars
LogsAlwaysGrow == [][HistoryStays]_vars
PromisesAlwaysStay == [][SaidStays]_vars
=============================================================================
