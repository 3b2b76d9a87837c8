--------------------------- MODULE CrashLosesLog ----------------------------
(***************************************************************************)
(* A crash loses the last transaction that was synced: a disk that says so *)
(* and has not.                                                            *)
(***************************************************************************)
\* @claim Disks with a volatile cache are good enough, since others have the transaction too.
\* @kind mistake
\* @redefines NodeCrash <- NodeCrashLosingLog
\* @model MCZab MCZabTwoServersCrash.cfg
\* @fails CommittedIsDurable
\* @core CoreCrashLosesLog
EXTENDS Zab

NodeCrashLosingLog(i) ==
    /\ status[i] = ONLINE
    /\ status' = [status EXCEPT ![i] = OFFLINE]
    /\ LeaveRole(i)
    /\ queuedRequests' = [queuedRequests EXCEPT ![i] = << >>]
    /\ lastCommitted' = [lastCommitted EXCEPT ![i] = ZeroZxid]
    /\ history' = [history EXCEPT ![i] = SubSeq(@, 1, Len(@) - 1)]
    /\ UNCHANGED <<acceptedEpoch, currentEpoch, ghostVars>>
=============================================================================
