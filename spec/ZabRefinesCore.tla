-------------------------- MODULE ZabRefinesCore --------------------------
(***************************************************************************)
(* Zab.tla refines ZabCore.tla: what is proved of the core for any size    *)
(* holds of the protocol at the grain of the implementation.               *)
(*                                                                         *)
(* The variables of the core stand beside those of Zab and are moved by    *)
(* the core's own actions only.  After each step of Zab, todo lists the    *)
(* steps of the core that it amounts to, from none to a few; they are      *)
(* taken one by one before Zab goes on.  Three things say that this is a   *)
(* refinement, and a model checks them (models/MCZabRefinesCore.tla):      *)
(*                                                                         *)
(*   IsPossible  each of these steps is allowed where it is taken,         *)
(*   Coupled     when all are taken, the state of the core is the image of *)
(*               the state of Zab: epochs, logs, phases, what is           *)
(*               delivered, which epochs were started by whom and with     *)
(*               what, what is committed,                                  *)
(*   Core!Spec   the core's variables behave as ZabCore.tla says.          *)
(*                                                                         *)
(* The steps are told from what a step of Zab has changed, not from its    *)
(* name, so that a mistake put into Zab shows here as what it does.        *)
(***************************************************************************)
EXTENDS Zab

CONSTANTS
    SomeServer, SomeQuorum, SomeValue   \* as in ZabCore

VARIABLES
    todo,   \* steps of the core that are still to be taken

    (* The variables of the core, under names that nothing in Zab has.     *)
    coreAcceptedEpoch, coreCurrentEpoch, coreZabState, coreNewEpoch, coreLastCommitted,
    coreLogEpoch, coreLogLength, coreReported, coreCandidate, corePromised,
    corePromisedTo, corePromisedCurrent, corePromisedLog, corePromisedLength,
    coreAcked, coreStarted, coreValue, coreCreator, coreInitialLength,
    coreProposedLength, coreCommittedLength, coreLeads, coreEstablished,
    corePromiseQuorum, coreCommitQuorum, coreDeliveredEpoch, coreElectionAccepted

Core == INSTANCE ZabCoreSteps WITH
            acceptedEpoch    <- coreAcceptedEpoch,
            currentEpoch     <- coreCurrentEpoch,
            zabState         <- coreZabState,
            newEpoch         <- coreNewEpoch,
            lastCommitted    <- coreLastCommitted,
            logEpoch         <- coreLogEpoch,
            logLength        <- coreLogLength,
            reported         <- coreReported,
            candidate        <- coreCandidate,
            promised         <- corePromised,
            promisedTo       <- corePromisedTo,
            promisedCurrent  <- corePromisedCurrent,
            promisedLog      <- corePromisedLog,
            promisedLength   <- corePromisedLength,
            acked            <- coreAcked,
            started          <- coreStarted,
            value            <- coreValue,
            creator          <- coreCreator,
            initialLength    <- coreInitialLength,
            proposedLength   <- coreProposedLength,
            committedLength  <- coreCommittedLength,
            leads            <- coreLeads,
            established      <- coreEstablished,
            promiseQuorum    <- corePromiseQuorum,
            commitQuorum     <- coreCommitQuorum,
            deliveredEpoch   <- coreDeliveredEpoch,
            electionAccepted <- coreElectionAccepted

coreVars == <<coreAcceptedEpoch, coreCurrentEpoch, coreZabState, coreNewEpoch, coreLastCommitted,
              coreLogEpoch, coreLogLength, coreReported, coreCandidate, corePromised,
              corePromisedTo, corePromisedCurrent, corePromisedLog, corePromisedLength,
              coreAcked, coreStarted, coreValue, coreCreator, coreInitialLength,
              coreProposedLength, coreCommittedLength, coreLeads, coreEstablished,
              corePromiseQuorum, coreCommitQuorum, coreDeliveredEpoch,
              coreElectionAccepted>>

-----------------------------------------------------------------------------
(* The steps of the core that the step of Zab amounts to which server i    *)
(* has just taken.  e is the epoch that i has accepted.                    *)

If(condition, steps) == IF condition THEN steps ELSE << >>

Appends(i, e, n) == [k \in 1..n |-> Core!Does("Append", <<i, e>>)]

(***************************************************************************)
(* The disk of i.  The first change of its log in a synchronization, or    *)
(* the end of one that changes nothing, is SyncLog: from there on the log  *)
(* of i is a part of that of e.  A log that gets shorter within its epoch  *)
(* is that of a follower that comes again.                                 *)
(***************************************************************************)
LogSteps(i, e) ==
    LET before == history[i]
        after  == history'[i]
        grown  == Len(after) - Len(before)
    IN  IF before = after
        THEN If(currentEpoch'[i] # currentEpoch[i] /\ coreLogEpoch[i] < e,
                <<Core!Does("SyncLog", <<i, e, Len(after)>>)>>)
        ELSE IF coreLogEpoch[i] < e /\ currentEpoch[i] < e
        THEN IF IsPrefix(before, after)
             THEN <<Core!Does("SyncLog", <<i, e, Len(before)>>)>> \o Appends(i, e, grown)
             ELSE <<Core!Does("SyncLog", <<i, e, Len(after)>>)>>
        ELSE IF grown > 0
        THEN Appends(i, e, grown)
        ELSE <<Core!Does("Resync", <<i, e, Len(after)>>)>>

EpochSteps(i, e) ==
    If(acceptedEpoch'[i] # acceptedEpoch[i],
       IF state[i] = LEADING
       THEN <<Core!Does("ChooseEpoch", <<i, e, cepochRecv[i]>>)>>
       ELSE <<Core!Does("Promise", <<i, e, leader[i]>>)>>)
    \o If(currentEpoch'[i] # currentEpoch[i], <<Core!Does("FinishSync", <<i, currentEpoch'[i]>>)>>)

(***************************************************************************)
(* Who joins, and what it reports.                                         *)
(***************************************************************************)
DiscoverySteps(i) ==
    LET reports == {j \in Server : /\ handler[i][j] = CONNECTED
                                   /\ handler'[i][j] \in {FOLLOWERINFO, LEADERINFO}}
    IN  If(state[i] # LEADING /\ state'[i] = LEADING,
           <<Core!Does("Elect", <<i>>), Core!Does("FollowerInfo", <<i, i, acceptedEpoch[i]>>)>>)
        \o If(reports # {} /\ ~EpochChosen(i),
              LET j == CHOOSE j \in reports : TRUE
              IN  <<Core!Does("FollowerInfo", <<j, i, msgs[j][i][1].mzxid[1]>>)>>)

(***************************************************************************)
(* A quorum has corePromised; a quorum has acknowledged NEWLEADER.             *)
(***************************************************************************)
StartSteps(i) ==
    LET finished == i \in ackeRecv'[i] /\ IsQuorum(ackeRecv'[i])
    IN  If(state'[i] = LEADING /\ finished /\ ~ElectionFinished(i),
           <<Core!Does("StartEpoch", <<i, newEpoch[i], ackeRecv'[i], i>>)>>)
        \o If(state'[i] = LEADING /\ zabState[i] # BROADCAST /\ zabState'[i] = BROADCAST,
              <<Core!Does("Establish", <<i, newEpoch[i], ackldRecv[i]>>)>>)

(***************************************************************************)
(* A new proposal; proposals that a quorum has, n of them.  The last of    *)
(* them has the ACKs that it had, perhaps with one more: of i itself if    *)
(* its log has just been written, otherwise of the server whose ACK was    *)
(* read.  A later epoch may have committed them before: the core counts    *)
(* what is committed for each epoch.                                       *)
(***************************************************************************)
BroadcastSteps(i) ==
    LET made  == {p \in proposalMsgsLog' \ proposalMsgsLog : p.source = i}
        n     == Len(outstandingProposals[i]) - Len(outstandingProposals'[i])
        last  == outstandingProposals[i][n]
        from  == IF queuedRequests'[i] # queuedRequests[i] THEN {i}
                 ELSE {j \in Server : Len(msgs'[j][i]) < Len(msgs[j][i])}
        acks  == IF IsQuorum(last.ackSet) THEN last.ackSet ELSE last.ackSet \cup from
        place == LengthUpto(Log(i), lastCommitted'[i])
    IN  If(made # {},
           LET p == CHOOSE p \in made : TRUE
           IN  <<Core!Does("Propose", <<i, p.txn.zxid[1], p.txn.value>>)>>)
        \o If(state'[i] = LEADING /\ zabState[i] = BROADCAST /\ n > 0,
              <<Core!Does("Commit", <<i, newEpoch[i], place, acks>>)>>)

DeliverSteps(i) ==
    LET log   == history'[i] \o queuedRequests'[i]
        known == LengthUpto(log, lastCommitted'[i])
    IN  If(status'[i] = ONLINE /\ lastCommitted'[i] # lastCommitted[i],
           <<Core!Does("Deliver", <<i, currentEpoch'[i], known>>)>>)

EndSteps(i) ==
    IF status[i] = ONLINE /\ status'[i] = OFFLINE THEN <<Core!Does("Crash", <<i>>)>>
    ELSE If(state[i] = LEADING /\ state'[i] # LEADING, <<Core!Does("Quit", <<i>>)>>)

Steps(i) ==
    LET e == acceptedEpoch'[i]
    IN  LogSteps(i, e) \o EpochSteps(i, e) \o DiscoverySteps(i) \o StartSteps(i)
            \o BroadcastSteps(i) \o DeliverSteps(i) \o EndSteps(i)

(* A step of Zab is a step of one server, but for who is told of it.       *)
StepsOfCore ==
    LET movers == {i \in Server : Steps(i) # << >>}
    IN  IF movers = {} THEN << >> ELSE Steps(CHOOSE i \in movers : TRUE)

-----------------------------------------------------------------------------
CoreInit == Core!Init /\ todo = << >>

(* With a step of Zab, or in place of one.                                 *)
AfterZab == todo = << >> /\ todo' = StepsOfCore /\ UNCHANGED coreVars
OfCore == todo # << >> /\ Core!Take(todo[1]) /\ todo' = Tail(todo)

-----------------------------------------------------------------------------
IsPossible == todo # << >> => ENABLED Core!Take(todo[1])

SamePhase(i) ==
    coreZabState[i] =
        IF state[i] # LEADING THEN Core!ELECTION
        ELSE IF zabState[i] = BROADCAST THEN Core!BROADCAST
        ELSE IF ElectionFinished(i) THEN Core!SYNCHRONIZATION
        ELSE IF i \in ackeRecv[i] THEN Core!CHOSEN
        ELSE Core!DISCOVERY

SameDisk(i) ==
    /\ coreAcceptedEpoch[i] = acceptedEpoch[i]
    /\ coreCurrentEpoch[i] = currentEpoch[i]
    /\ coreLogLength[i] = Len(history[i])
    /\ Core!IsLogOf(history[i], coreLogEpoch[i])

SameDelivered(i) ==
    /\ coreLastCommitted[i] = Len(Delivered(i))
    /\ Core!IsLogOf(Delivered(i), coreDeliveredEpoch[i])

(* A leader that serves has all of its epoch's log, not all of it durable. *)
SameProposed(i) ==
    zabState[i] = BROADCAST /\ state[i] = LEADING =>
        coreProposedLength[newEpoch[i]] = Len(Log(i)) /\ Core!IsLogOf(Log(i), newEpoch[i])

SameEpochs ==
    /\ \A r \in epochLeader :
           /\ coreStarted[r.epoch]
           /\ coreLeads[r.epoch][r.leader]
           /\ coreEstablished[r.epoch] = r.served
           /\ coreInitialLength[r.epoch] = Len(r.history)
           /\ Core!IsLogOf(r.history, r.epoch)
    /\ \A e \in Core!Epoch : e # 0 /\ coreStarted[e] => \E r \in epochLeader : r.epoch = e

SameCommitted ==
    /\ \A e \in Core!Epoch : coreCommittedLength[e] <= Len(committed)
    /\ \E e \in Core!Epoch : coreCommittedLength[e] = Len(committed)
    /\ \A e \in Core!Epoch : Core!IsLogOf(SubSeq(committed, 1, coreCommittedLength[e]), e)

Coupled ==
    todo = << >> =>
        /\ \A i \in Server : SamePhase(i) /\ SameDisk(i) /\ SameDelivered(i) /\ SameProposed(i)
        /\ SameEpochs
        /\ SameCommitted

(* The invariant that is proved, and what it is for.                       *)
CoreInvariant ==
    /\ Core!Invariant
    /\ Core!CommittedInLaterEpochs
    /\ Core!CommittedHistoriesAgree
    /\ Core!PrefixConsistency
    /\ Core!LogHasDelivered
    /\ Core!PrimaryIntegrity

=============================================================================
