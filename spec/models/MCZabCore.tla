----------------------------- MODULE MCZabCore -----------------------------
(***************************************************************************)
(* Small instances of ZabCore.tla: the invariant that is proved for any    *)
(* size holds in every state that there is, and every action is taken.     *)
(***************************************************************************)
EXTENDS ZabCore

CONSTANTS
    MaxEpoch, MaxIndex,
    Leaders     \* who may be elected

MCEpoch == 0..MaxEpoch
MCIndex == 0..MaxIndex

(***************************************************************************)
(* Epochs and logs are bounded.                                            *)
(***************************************************************************)
MCNext ==
    \/ \E l \in Leaders : Elect(l)
    \/ \E s, l \in Server, a \in Epoch : FollowerInfo(s, l, a)
    \/ \E l \in Server, e \in Epoch, Q \in Quorum : ChooseEpoch(l, e, Q)
    \/ \E s, l \in Server, e \in Epoch : Promise(s, e, l)
    \/ \E l, m \in Server, e \in Epoch, P \in Quorum : StartEpoch(l, e, P, m)
    \/ \E s \in Server, e \in Epoch, n \in Index : SyncLog(s, e, n)
    \/ \E s \in Server, e \in Epoch : FinishSync(s, e)
    \/ \E s \in Server, e \in Epoch : Append(s, e)
    \/ \E s \in Server, e \in Epoch, n \in Index : Resync(s, e, n)
    \/ \E l \in Server, e \in Epoch, Q \in Quorum : Establish(l, e, Q)
    \/ \E l \in Server, e \in Epoch, v \in Value :
           proposedLength[e] < MaxIndex /\ Propose(l, e, v)
    \/ \E l \in Server, e \in Epoch, i \in Index, Q \in Quorum : Commit(l, e, i, Q)
    \/ \E s \in Server, e \in Epoch, i \in Index : Deliver(s, e, i)
    \/ \E s \in Server : Quit(s)
    \/ \E s \in Server : Crash(s)

MCSpec == Init /\ [][MCNext]_vars

=============================================================================
