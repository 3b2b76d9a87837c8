------------------------ MODULE MCFastLeaderElection ------------------------
(***************************************************************************)
(* Small instances of FastLeaderElection.  What may disturb an election,   *)
(* and what is logged between elections, is counted and bounded.           *)
(*                                                                         *)
(* A server handles its queue before anything else happens, as a thread    *)
(* that is never slow.  What varies is the order in which notifications    *)
(* are received and waits end.  MCPlainElection lets queues fill.          *)
(***************************************************************************)
EXTENDS FastLeaderElection, TLC

CONSTANTS Participants,     \* the voters, and
          Weights,          \*   the weight of each
          Logs,             \* what the servers may have on disk: functions to <<epoch, zxid>>
          MaxRestarts,      \* how often a server restarts,
          MaxTimeouts,      \*   leaves its leader or sends its vote again,
          MaxBreaks,        \*   how often a connection breaks or a notification is overtaken,
          MaxEpoch,         \*   and the last epoch
          MaxZxid           \*   and zxid of the ensemble

VARIABLES restarts, timeouts, breaks

counters == <<restarts, timeouts, breaks>>

(***************************************************************************)
(* Values for the constants.                                               *)
(***************************************************************************)
ParticipantsConfig == WeightedConfig(Weights)

EqualWeights == [i \in Participants |-> 1]

\* The one with the highest id has no weight.
LastIsIdle == [i \in Participants |-> IF \E j \in Participants : j > i THEN 1 ELSE 0]

NoLogs == {[i \in Participants \cup Observer |-> <<0, 0>>]}

\* Epochs and zxids speak against the ids, and epochs against zxids.
MixedLogs == {[i \in Participants \cup Observer |->
                  CASE i = 1 -> <<1, 0>> [] i = 2 -> <<0, 2>> [] OTHER -> <<0, 1>>]}

AnyLogs == {logs \in [Participants \cup Observer -> (0 .. 1) \X (0 .. 1)] :
               \A i \in Observer : logs[i] = <<0, 0>>}

\* The one with the highest id has lost its data.
LastIsEmpty == {[i \in Participants \cup Observer |->
                    IF \E j \in Participants : j > i THEN <<0, 0>> ELSE <<0, EmptyDatabase>>]}

(***************************************************************************)
(* Starts: all servers are LOOKING; or all but the last voter, which       *)
(* starts now, have been established by an election in round 2, with the   *)
(* last but one as the leader.                                             *)
(***************************************************************************)
StartLogs ==
    \E logs \in Logs :
        /\ currentEpoch = [i \in Server |-> logs[i][1]]
        /\ lastZxid = [i \in Server |-> logs[i][2]]

StartCounters == restarts = 0 /\ timeouts = 0 /\ breaks = 0

MCInit == StartLogs /\ InitElection /\ StartCounters

Latest == CHOOSE i \in Voter : \A j \in Voter : j <= i
Leader == CHOOSE i \in Voter \ {Latest} : \A j \in Voter \ {Latest} : j <= i

EstablishedVote ==
    [leader |-> Leader, zxid |-> 0, electionEpoch |-> 2, peerEpoch |-> 1, state |-> LOOKING]

EstablishedInit ==
    LET n    == Looking(Latest, 1, InitialVote(Latest))
        sent == [i \in Server |-> [j \in Server |->
                    IF i = Latest /\ j \in Voter \ {Latest} THEN <<n>> ELSE <<>>]]
    IN  /\ currentEpoch = [i \in Server |-> IF i = Latest THEN 0 ELSE 1]
        /\ lastZxid = [i \in Server |-> 0]
        /\ state = [i \in Server |-> CASE i = Leader -> LEADING
                                       [] i = Latest -> LOOKING
                                       [] i \in Observer -> OBSERVING
                                       [] OTHER -> FOLLOWING]
        /\ logicalClock = [i \in Server |-> IF i = Latest THEN 1 ELSE 2]
        /\ proposal = [i \in Server |-> IF i = Latest THEN InitialVote(i)
                                        ELSE [leader |-> Leader, zxid |-> 0, peerEpoch |-> 0]]
        /\ currentVote = [i \in Server |-> IF i = Latest THEN FirstVote(i) ELSE EstablishedVote]
        /\ recvset = [i \in Server |-> NoVotes]
        /\ outOfElection = [i \in Server |-> NoVotes]
        /\ recvQueue = [i \in Server |-> IF i = Latest THEN <<n>> ELSE <<>>]
        /\ waitNotmsg = [i \in Server |-> FALSE]
        /\ leadingVoteSet = [i \in Server |-> IF i = Leader THEN Voter \ {Latest} ELSE {}]
        /\ electionMsgs = sent
        /\ lastMessageSent = sent
        /\ StartCounters

(***************************************************************************)
(* Of several servers with something to handle, the one with the least id  *)
(* goes first: they do not affect each other.                              *)
(***************************************************************************)
Busy(i) == recvQueue[i] # <<>>

Handling(i) == /\ \A j \in Server : Busy(j) => i <= j
               /\ UNCHANGED counters

Quiet == \A i \in Server : ~Busy(i)

Counted(counter, max, others) ==
    /\ Quiet
    /\ counter < max
    /\ counter' = counter + 1
    /\ UNCHANGED others

Uncounted == Quiet /\ UNCHANGED counters

MCHandleNotmsg(i)       == HandleNotmsg(i) /\ Handling(i)
MCWaitNewNotmsg(i)      == WaitNewNotmsg(i) /\ Handling(i)
MCWaitNewNotmsgEnd(i)   == Uncounted /\ WaitNewNotmsgEnd(i)
MCReceiveNotmsg(i, j)   == Uncounted /\ ReceiveNotmsg(i, j)

MCRestart(i)            == Counted(restarts, MaxRestarts, <<timeouts, breaks>>) /\ Restart(i)
MCZabTimeout(i)         == Counted(timeouts, MaxTimeouts, <<restarts, breaks>>) /\ ZabTimeout(i)
MCNotmsgTimeout(i)      == Counted(timeouts, MaxTimeouts, <<restarts, breaks>>) /\ NotmsgTimeout(i)
MCBreakConnection(i, j) == /\ i < j
                           /\ Counted(breaks, MaxBreaks, <<restarts, timeouts>>)
                           /\ BreakConnection(i, j)
MCOvertakeNotmsg(i, j)  == Counted(breaks, MaxBreaks, <<restarts, timeouts>>) /\ OvertakeNotmsg(i, j)

(***************************************************************************)
(* With MaxEpoch = 0 the ensemble only elects.                             *)
(***************************************************************************)
Serving == Uncounted /\ MaxEpoch > 0

MCLeaderAdvanceEpoch(i) ==
    Serving /\ (\A s \in Voter : currentEpoch[s] < MaxEpoch) /\ LeaderAdvanceEpoch(i)
MCFollowerUpdateEpoch(i, j) == Serving /\ FollowerUpdateEpoch(i, j)
MCLeaderAdvanceZxid(i)      == Serving /\ lastZxid[i] < MaxZxid /\ LeaderAdvanceZxid(i)
MCFollowerUpdateZxid(i, j)  == Serving /\ FollowerUpdateZxid(i, j)

MCNext ==
    \/ \E i \in Server :
           \/ MCHandleNotmsg(i) \/ MCWaitNewNotmsg(i) \/ MCWaitNewNotmsgEnd(i)
           \/ MCRestart(i) \/ MCZabTimeout(i) \/ MCNotmsgTimeout(i)
    \/ \E i, j \in Server :
           MCReceiveNotmsg(i, j) \/ MCBreakConnection(i, j) \/ MCOvertakeNotmsg(i, j)
    \/ \E i \in Voter : MCLeaderAdvanceEpoch(i) \/ MCLeaderAdvanceZxid(i)
    \/ \E i, j \in Voter : MCFollowerUpdateEpoch(i, j) \/ MCFollowerUpdateZxid(i, j)

MCVars == <<vars, counters>>

(***************************************************************************)
(* MCNext names the actions anew, to count and to bound them.  Each of its *)
(* steps is a step of the election.                                        *)
(***************************************************************************)
TakesStepsOfElection == [][Next]_vars

MCSpec == MCInit /\ [][MCNext]_MCVars

EstablishedSpec == EstablishedInit /\ [][MCNext]_MCVars

(***************************************************************************)
(* Timely networks: no wait ends while anything is on its way to anybody.  *)
(***************************************************************************)
NothingUnderWay == \A i, j \in Server : electionMsgs[i][j] = <<>>

Timely == \A i \in Server : WaitNewNotmsgEnd(i) => NothingUnderWay

(***************************************************************************)
(* Liveness, for models that are disturbed finitely often.  A server that  *)
(* follows nobody, or leads nobody, gives up in the end, and one that is   *)
(* LOOKING sends its vote again: without that a vote is lost on a server   *)
(* that was not LOOKING when it came.  The limits of Zab (initLimit,       *)
(* syncLimit) and of the silence are long enough here for all messages to  *)
(* arrive and all waits to end; sending again does not put off giving up,  *)
(* hence strong fairness.                                                  *)
(***************************************************************************)
IsAlone(i) ==
    \/ state[i] \in {FOLLOWING, OBSERVING} /\ state[currentVote[i].leader] # LEADING
    \/ state[i] = LEADING /\ ~HasFollowers(i)

Silence == Uncounted /\ NothingUnderWay /\ \A j \in Server : ~waitNotmsg[j]

MCGiveUp(i)    == Silence /\ IsAlone(i) /\ ZabTimeout(i)
MCSendAgain(i) == Silence /\ NotmsgTimeout(i)

LiveNext == MCNext \/ \E i \in Server : MCGiveUp(i) \/ MCSendAgain(i)

MCFairness ==
    /\ \A i, j \in Server : WF_MCVars(MCReceiveNotmsg(i, j))
    /\ \A i \in Server : /\ WF_MCVars(MCHandleNotmsg(i))
                         /\ WF_MCVars(MCWaitNewNotmsg(i))
                         /\ WF_MCVars(MCWaitNewNotmsgEnd(i))
                         /\ SF_MCVars(MCGiveUp(i)) /\ SF_MCVars(MCSendAgain(i))

LiveSpec == MCInit /\ [][LiveNext]_MCVars /\ MCFairness

(***************************************************************************)
(* Undisturbed voters need less: that something happens as long as         *)
(* something can.  LiveSpec is fair to more than that, so what holds of    *)
(* this holds of LiveSpec without disturbances, too.                       *)
(***************************************************************************)
ProgressSpec == MCInit /\ [][LiveNext]_MCVars /\ WF_MCVars(LiveNext)

LiveEstablishedSpec == EstablishedInit /\ [][LiveNext]_MCVars /\ MCFairness

=============================================================================
