------------------------- MODULE CrashLosesPromise --------------------------
(***************************************************************************)
(* A crash loses acceptedEpoch, and the server goes on from currentEpoch.  *)
(***************************************************************************)
\* @claim One file with an epoch is enough.
\* @kind mistake
\* @redefines NodeCrash <- NodeCrashLosingPromise
\* @model MCZab MCZabDiscoveryCrash.cfg
\* @fails EpochsGrow
\* @core CoreCrashLosesPromise
EXTENDS Zab

NodeCrashLosingPromise(i) ==
    /\ status[i] = ONLINE
    /\ status' = [status EXCEPT ![i] = OFFLINE]
    /\ LeaveRole(i)
    /\ queuedRequests' = [queuedRequests EXCEPT ![i] = << >>]
    /\ lastCommitted' = [lastCommitted EXCEPT ![i] = ZeroZxid]
    /\ acceptedEpoch' = [acceptedEpoch EXCEPT ![i] = currentEpoch[i]]
    /\ UNCHANGED <<currentEpoch, history, ghostVars>>
=============================================================================
