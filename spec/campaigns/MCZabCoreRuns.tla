--------------------------- MODULE MCZabCoreRuns ---------------------------
(***************************************************************************)
(* ZabCore.tla along the ways that an ensemble usually takes: one leader   *)
(* after another, reports as they are, few faults.  With fewer of the runs *)
(* that differ in nothing that matters, random ones come far: this is      *)
(* where mistakes seeded into ZabCore are looked for from Init on.  The    *)
(* properties are what ZabCore is for, not its invariant.                  *)
(***************************************************************************)
EXTENDS ZabCore

CONSTANTS MaxEpoch, MaxIndex, MaxElections, MaxCrashes

VARIABLE used

MCEpoch == 0..MaxEpoch
MCIndex == 0..MaxIndex

Idle == \A k \in Server : zabState[k] = ELECTION

RunInit == Init /\ used = [elections |-> 0, crashes |-> 0]

Using(what) == used' = [used EXCEPT ![what] = @ + 1]

RunNext ==
    \/ \E l \in Server : Idle /\ used.elections < MaxElections /\ Elect(l) /\ Using("elections")
    \/ \E s, l \in Server :
           /\ reported[l][s] = -1
           /\ FollowerInfo(s, l, acceptedEpoch[s])
           /\ UNCHANGED used
    \/ \E l \in Server, e \in Epoch, Q \in Quorum : ChooseEpoch(l, e, Q) /\ UNCHANGED used
    \/ \E s, l \in Server, e \in Epoch : Promise(s, e, l) /\ UNCHANGED used
    \/ \E l, m \in Server, e \in Epoch, P \in Quorum : StartEpoch(l, e, P, m) /\ UNCHANGED used
    \/ \E s \in Server, e \in Epoch, n \in Index : SyncLog(s, e, n) /\ UNCHANGED used
    \/ \E s \in Server, e \in Epoch : FinishSync(s, e) /\ UNCHANGED used
    \/ \E s \in Server, e \in Epoch : Append(s, e) /\ UNCHANGED used
    \/ \E s \in Server, e \in Epoch, n \in Index : Resync(s, e, n) /\ UNCHANGED used
    \/ \E l \in Server, e \in Epoch, Q \in Quorum : Establish(l, e, Q) /\ UNCHANGED used
    \/ \E l \in Server, e \in Epoch, v \in Value :
           proposedLength[e] < MaxIndex /\ Propose(l, e, v) /\ UNCHANGED used
    \/ \E l \in Server, e \in Epoch, i \in Index, Q \in Quorum : Commit(l, e, i, Q) /\ UNCHANGED used
    \/ \E s \in Server, e \in Epoch, i \in Index :
           lastCommitted[s] < i /\ Deliver(s, e, i) /\ UNCHANGED used
    \/ \E s \in Server :
           zabState[s] = BROADCAST /\ used.elections < MaxElections /\ Quit(s) /\ UNCHANGED used
    \/ \E s \in Server : used.crashes < MaxCrashes /\ Crash(s) /\ Using("crashes")

RunSpec == RunInit /\ [][RunNext]_<<vars, used>>

EpochsAlwaysRise == [][EpochsNeverGoBack]_vars
CommitsAlwaysStay == [][CommittedStays]_vars
LogsAlwaysGrow == [][HistoryStays]_vars
PromisesAlwaysStay == [][SaidStays]_vars
=============================================================================
