--------------------------- MODULE ObserversVote ----------------------------
(***************************************************************************)
(* A voter takes the vote of an observer for that of a voter, and counts   *)
(* it towards the quorum that it needs.                                    *)
(***************************************************************************)
\* @claim An observer has the same history as a voter, and more votes end an election sooner.
\* @kind question
\* @redefines ReceiveNotmsg <- ReceiveNotmsgOfAnybody
\* @redefines HasQuorum <- AreEnough
\* @model MCFastLeaderElection MCElectionObserver.cfg
\* @invariant ElectedByVoters
\* @fails ElectedByVoters
EXTENDS FastLeaderElection

(* Somebody is elected by a quorum of those who have a vote.               *)
ElectedByVoters ==
    \A i \in Server : state[i] = LEADING => leadingVoteSet[i] \cap Voter \in AllQuorums

AreEnough(S) == 2 * Cardinality(S) > Cardinality(Voter)

ReceiveNotmsgOfAnybody(i, j) ==
    /\ electionMsgs[j][i] # <<>>
    /\ LET n == Head(electionMsgs[j][i])
       IN  IF n.leader \notin Voter
           THEN /\ ReceiveAndAnswer(i, j,
                       Notification(i, state[i], logicalClock[i], currentVote[i]))
                /\ UNCHANGED recvQueue
           ELSE IF state[i] = LOOKING
           THEN /\ recvQueue' = [recvQueue EXCEPT ![i] = Append(@, n)]
                /\ IF n.state = LOOKING /\ n.electionEpoch < logicalClock[i]
                   THEN ReceiveAndAnswer(i, j, Looking(i, logicalClock[i], proposal[i]))
                   ELSE Receive(i, j)
           ELSE /\ IF n.state = LOOKING
                   THEN ReceiveAndAnswer(i, j,
                            Notification(i, state[i], currentVote[i].electionEpoch, currentVote[i]))
                   ELSE Receive(i, j)
                /\ UNCHANGED recvQueue
    /\ UNCHANGED <<durableVars, voteVars, tableVars, waitNotmsg, resultVars>>
=============================================================================
