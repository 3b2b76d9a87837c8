--------------------------- MODULE MCPlainElection ---------------------------
(***************************************************************************)
(* FastLeaderElection as it stands: all steps of Next, in any order, so    *)
(* that queues fill while their server does something else.  Only the size *)
(* of the states is bounded.                                               *)
(***************************************************************************)
EXTENDS FastLeaderElection

CONSTANTS Participants,     \* the voters, by majority
          MaxClock,         \* bounds on rounds,
          MaxEpoch,         \*   epochs,
          MaxZxid,          \*   zxids,
          MaxQueue,         \*   notifications in a queue
          MaxMessages       \*   and in a channel

MajorityOfParticipants == MajorityConfig(Participants)

Bounds ==
    \A i \in Server :
        /\ logicalClock[i] <= MaxClock
        /\ currentEpoch[i] <= MaxEpoch
        /\ lastZxid[i] <= MaxZxid
        /\ Len(recvQueue[i]) <= MaxQueue
        /\ \A j \in Server : Len(electionMsgs[i][j]) <= MaxMessages

\* What happens when nothing goes wrong.
Undisturbed == Elect \/ Serve

=============================================================================
