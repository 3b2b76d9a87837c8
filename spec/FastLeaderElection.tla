-------------------------- MODULE FastLeaderElection --------------------------
(***************************************************************************)
(* Fast leader election: how the servers of an ensemble choose the one     *)
(* that leads.                                                             *)
(*                                                                         *)
(* A server that has no leader is LOOKING.  It votes for a leader, tells   *)
(* its vote to all voters in a notification, and takes over any vote that  *)
(* is better than its own: one with a higher epoch, then a higher last     *)
(* zxid, then a higher id.  Elections are numbered by rounds, the logical  *)
(* clock.  When a quorum has voted as it has, it waits a little for a      *)
(* better vote and then stops LOOKING: it is LEADING if the vote is for    *)
(* itself, else FOLLOWING, or OBSERVING if it has no vote.  A server that  *)
(* comes late learns from the answers of the others that they have a       *)
(* leader, and joins.                                                      *)
(*                                                                         *)
(* An action below is one step of a server, and reads and writes that      *)
(* server's variables and its ends of the channels only.  Each names the   *)
(* method of Apache ZooKeeper that it describes, in the classes            *)
(* FastLeaderElection (FLE), QuorumCnxManager and QuorumPeer, as of 3.9.   *)
(*                                                                         *)
(* What the election promises and what not stands at the end.  In short: a *)
(* leader has had the votes of a quorum, and was the best of them.  That   *)
(* there is one leader only is not promised: it is the phases after the    *)
(* election (Zab.tla) that let one leader of an epoch through.             *)
(*                                                                         *)
(* Left out: change of the configuration during an election, the oracle of *)
(* two-server ensembles, notifications of servers older than 3.4.6.        *)
(***************************************************************************)
EXTENDS Quorums, Sequences

CONSTANTS
    \* The voters, their groups and weights (see Quorums).  Servers are integers, their ids.
    \* @type: $config;
    Config,
    \* The servers without a vote.
    \* @type: Set(SERVER);
    Observer

(***************************************************************************)
(* @typeAlias: SERVER = Int;                                               *)
(* @typeAlias: proposal = { leader: SERVER, zxid: Int, peerEpoch: Int };   *)
(* @typeAlias: vote = { leader: SERVER, zxid: Int, electionEpoch: Int,     *)
(*                      peerEpoch: Int, state: Str };                      *)
(* @typeAlias: notification = { sid: SERVER, state: Str, leader: SERVER,   *)
(*                      zxid: Int, electionEpoch: Int, peerEpoch: Int };   *)
(***************************************************************************)

Voter  == Members(Config)
Server == Voter \cup Observer

ASSUME IsConfig(Config) /\ Voter \cap Observer = {} /\ Server \subseteq Nat

\* The states of a server (QuorumPeer.ServerState).
LOOKING   == "LOOKING"
FOLLOWING == "FOLLOWING"
LEADING   == "LEADING"
OBSERVING == "OBSERVING"

States == {LOOKING, FOLLOWING, LEADING, OBSERVING}

(***************************************************************************)
(* The last zxid of a voter that has lost its data: it takes part, but no  *)
(* vote of it counts, and none counts for it, until it has synchronized.   *)
(***************************************************************************)
EmptyDatabase == -1

(***************************************************************************)
(* What a server without a vote proposes: an id, zxid and epoch below all  *)
(* others (Long.MIN_VALUE in Java).                                        *)
(***************************************************************************)
Lowest == -2

VARIABLES
    \* @type: SERVER -> Str;
    state,
    \* The epoch of the last NEWLEADER that was accepted, and the last zxid in the log: both on
    \* disk.  A zxid is only compared here, so an integer stands for it.
    \* @type: SERVER -> Int;
    currentEpoch,
    \* @type: SERVER -> Int;
    lastZxid,
    \* The round that the server is in (FLE.logicalclock, electionEpoch in messages).
    \* @type: SERVER -> Int;
    logicalClock,
    \* The vote while LOOKING (FLE.proposedLeader, proposedZxid, proposedEpoch).
    \* @type: SERVER -> $proposal;
    proposal,
    \* The vote with which the last election ended (QuorumPeer.currentVote).
    \* @type: SERVER -> $vote;
    currentVote,
    \* Votes of this round, by sender; of servers that have ended their election, of any round.
    \* @type: SERVER -> (SERVER -> $vote);
    recvset,
    \* @type: SERVER -> (SERVER -> $vote);
    outOfElection,
    \* Notifications that have come and are not handled yet (FLE.recvqueue).
    \* @type: SERVER -> Seq($notification);
    recvQueue,
    \* A quorum votes as this server does; it waits for a better vote (finalizeWait).
    \* @type: SERVER -> Bool;
    waitNotmsg,
    \* The voters that made the server LEADING; empty for others.
    \* @type: SERVER -> Set(SERVER);
    leadingVoteSet,
    \* electionMsgs[i][j]: what i has sent to j and j has not received, in order.
    \* @type: SERVER -> (SERVER -> Seq($notification));
    electionMsgs,
    \* lastMessageSent[i][j]: the last notification from i to j, as a sequence of at most one.
    \* @type: SERVER -> (SERVER -> Seq($notification));
    lastMessageSent

durableVars == <<currentEpoch, lastZxid>>
tableVars   == <<recvset, outOfElection>>
channelVars == <<electionMsgs, lastMessageSent>>
voteVars    == <<logicalClock, proposal, currentVote>>
resultVars  == <<state, leadingVoteSet>>

vars == <<durableVars, voteVars, tableVars, recvQueue, waitNotmsg, resultVars, channelVars>>

-------------------------------------------------------------------------------
(***************************************************************************)
(* Votes                                                                   *)
(***************************************************************************)

(***************************************************************************)
(* The vote with which server i enters an election: for itself, with the   *)
(* end of its log (FLE.getInitId, getInitLastLoggedZxid, getPeerEpoch).    *)
(***************************************************************************)
\* @type: SERVER => $proposal;
InitialVote(i) ==
    IF i \in Voter
    THEN [leader |-> i, zxid |-> lastZxid[i], peerEpoch |-> currentEpoch[i]]
    ELSE [leader |-> Lowest, zxid |-> Lowest, peerEpoch |-> Lowest]

(***************************************************************************)
(* The order of votes, without regard to weight: epoch, then zxid, then    *)
(* id.  v and w are any records with these three fields.                   *)
(***************************************************************************)
\* @type: ({ leader: SERVER, zxid: Int, peerEpoch: Int }, { leader: SERVER, zxid: Int, peerEpoch: Int }) => Bool;
Exceeds(v, w) ==
    \/ v.peerEpoch > w.peerEpoch
    \/ /\ v.peerEpoch = w.peerEpoch
       /\ \/ v.zxid > w.zxid
          \/ v.zxid = w.zxid /\ v.leader > w.leader

(***************************************************************************)
(* Whether a server gives up vote w for vote v.  A server of weight zero   *)
(* never wins anybody over (FLE.totalOrderPredicate).                      *)
(***************************************************************************)
TotalOrderPredicate(v, w) ==
    /\ Config.weight[v.leader] > 0
    /\ Exceeds(v, w)

\* @type: $notification => $proposal;
ProposalOf(n) == [leader |-> n.leader, zxid |-> n.zxid, peerEpoch |-> n.peerEpoch]

\* @type: $notification => $vote;
VoteOf(n) == [leader        |-> n.leader,
              zxid          |-> n.zxid,
              electionEpoch |-> n.electionEpoch,
              peerEpoch     |-> n.peerEpoch,
              state         |-> n.state]

\* The vote p in a round, of a server that is LOOKING.
\* @type: ($proposal, Int) => $vote;
LookingVote(p, round) == [leader        |-> p.leader,
                          zxid          |-> p.zxid,
                          electionEpoch |-> round,
                          peerEpoch     |-> p.peerEpoch,
                          state         |-> LOOKING]

(***************************************************************************)
(* Tables of votes: functions from some of the voters to their votes.      *)
(***************************************************************************)
\* @type: SERVER -> $vote;
NoVotes == [s \in {} |-> LookingVote([leader |-> s, zxid |-> 0, peerEpoch |-> 0], 0)]

\* @type: (SERVER -> $vote, SERVER, $vote) => (SERVER -> $vote);
Put(votes, sid, vote) ==
    [s \in DOMAIN votes \cup {sid} |-> IF s = sid THEN vote ELSE votes[s]]

(***************************************************************************)
(* When do two votes count as the same?  While one of the voters is        *)
(* LOOKING, if they agree in all, the round included.  Of two voters that  *)
(* have ended the election, zxid and round may differ for reasons of       *)
(* timing.  Among the votes of one round it is enough that the leader is   *)
(* the same; among those of any round the epoch must be the same too,      *)
(* which an established leader and its followers have set to theirs        *)
(* (Vote.equals; receivedFollowingNotification puts a vote with version 0  *)
(* in recvset, so there peerEpoch is not compared).                        *)
(***************************************************************************)
\* @type: ($vote, $vote) => Bool;
SameVote(v, w) ==
    /\ v.leader = w.leader
    /\ v.zxid = w.zxid
    /\ v.electionEpoch = w.electionEpoch
    /\ v.peerEpoch = w.peerEpoch

\* @type: ($vote, $vote) => Bool;
SameVoteInRound(v, w) ==
    IF v.state = LOOKING \/ w.state = LOOKING THEN SameVote(v, w) ELSE v.leader = w.leader

\* @type: ($vote, $vote) => Bool;
SameVoteOutOfElection(v, w) == v.leader = w.leader /\ v.peerEpoch = w.peerEpoch

\* Those whose votes in recvset are the same as vote (FLE.getVoteTracker); in outOfElection.
\* @type: (SERVER -> $vote, $vote) => Set(SERVER);
VoteSet(votes, vote) == {s \in DOMAIN votes : SameVoteInRound(vote, votes[s])}

\* @type: (SERVER -> $vote, $vote) => Set(SERVER);
VoteSetOutOfElection(votes, vote) ==
    {s \in DOMAIN votes : SameVoteOutOfElection(vote, votes[s])}

\* All quorums of the configuration; a set of voters decides if it is one of them.
\* @type: Set(Set(SERVER));
AllQuorums == Quorums(Config)

\* @type: Set(SERVER) => Bool;
HasQuorum(S) == S \in AllQuorums

(***************************************************************************)
(* Before server i follows a leader because others do, the leader itself   *)
(* must have said that it is LEADING: it may have crashed, and the others  *)
(* not know it yet.  If the others say that i is their leader, that counts *)
(* if they mean this round (FLE.checkLeader).                              *)
(***************************************************************************)
\* @type: (SERVER, SERVER -> $vote, $notification) => Bool;
CheckLeader(i, votes, n) ==
    IF n.leader = i
    THEN n.electionEpoch = logicalClock[i]
    ELSE n.leader \in DOMAIN votes /\ votes[n.leader].state = LEADING

-------------------------------------------------------------------------------
(***************************************************************************)
(* Notifications                                                           *)
(***************************************************************************)

\* @type: (SERVER, Str, Int, $proposal) => $notification;
Notification(sid, st, round, p) == [sid           |-> sid,
                                    state         |-> st,
                                    leader        |-> p.leader,
                                    zxid          |-> p.zxid,
                                    electionEpoch |-> round,
                                    peerEpoch     |-> p.peerEpoch]

\* A server that is LOOKING, in a round, with a vote.
\* @type: (SERVER, Int, $proposal) => $notification;
Looking(i, round, p) == Notification(i, LOOKING, round, p)

(***************************************************************************)
(* Server i tells n to all voters (FLE.sendNotifications).  To itself the  *)
(* way is short: a voter's own notification goes to the end of its queue   *)
(* (QuorumCnxManager.toSend), so its own vote counts when it is handled.   *)
(***************************************************************************)
SendNotifications(i, n) ==
    /\ electionMsgs' = [electionMsgs EXCEPT ![i] =
           [j \in Server |-> IF j \in Voter \ {i} THEN Append(@[j], n) ELSE @[j]]]
    /\ lastMessageSent' = [lastMessageSent EXCEPT ![i] =
           [j \in Server |-> IF j \in Voter \ {i} THEN <<n>> ELSE @[j]]]

\* @type: (SERVER, $notification) => Seq($notification);
OwnCopy(i, n) == IF i \in Voter THEN <<n>> ELSE <<>>

\* Server i takes the first message from j off the channel, and answers nothing, or n.
Receive(i, j) ==
    /\ electionMsgs' = [electionMsgs EXCEPT ![j][i] = Tail(@)]
    /\ UNCHANGED lastMessageSent

ReceiveAndAnswer(i, j, n) ==
    /\ electionMsgs' = [electionMsgs EXCEPT ![j][i] = Tail(@), ![i][j] = Append(@, n)]
    /\ lastMessageSent' = [lastMessageSent EXCEPT ![i][j] = <<n>>]

-------------------------------------------------------------------------------
(***************************************************************************)
(* The start: each server has just come up, with any log.  It is in its    *)
(* first round and has sent its first vote.  A server that starts later is *)
(* one whose messages are slow.  Until its first election ends, a server   *)
(* answers others with a current vote for itself and no round              *)
(* (QuorumPeer.startLeaderElection).                                       *)
(***************************************************************************)
\* @type: SERVER => $vote;
FirstVote(i) ==
    LookingVote([leader |-> i, zxid |-> lastZxid[i], peerEpoch |-> currentEpoch[i]], -1)

InitElection ==
    LET first == [i \in Server |-> Looking(i, 1, InitialVote(i))]
        told  == [i \in Server |-> [j \in Server |->
                     IF j \in Voter \ {i} THEN <<first[i]>> ELSE <<>>]]
    IN  /\ state = [i \in Server |-> LOOKING]
        /\ logicalClock = [i \in Server |-> 1]
        /\ proposal = [i \in Server |-> InitialVote(i)]
        /\ currentVote = [i \in Server |-> FirstVote(i)]
        /\ recvset = [i \in Server |-> NoVotes]
        /\ outOfElection = [i \in Server |-> NoVotes]
        /\ recvQueue = [i \in Server |-> OwnCopy(i, first[i])]
        /\ waitNotmsg = [i \in Server |-> FALSE]
        /\ leadingVoteSet = [i \in Server |-> {}]
        /\ electionMsgs = told
        /\ lastMessageSent = told

Init ==
    /\ currentEpoch = [i \in Server |-> 0]
    /\ lastZxid = [i \in Server |-> 0]
    /\ InitElection

-------------------------------------------------------------------------------
(***************************************************************************)
(* Steps of a server                                                       *)
(***************************************************************************)

(***************************************************************************)
(* Server i begins an election in the given round: it forgets what it has  *)
(* heard, votes for itself and tells it (the head of FLE.lookForLeader).   *)
(***************************************************************************)
LookForLeader(i, round) ==
    LET n == Looking(i, round, InitialVote(i))
    IN  /\ state' = [state EXCEPT ![i] = LOOKING]
        /\ logicalClock' = [logicalClock EXCEPT ![i] = round]
        /\ proposal' = [proposal EXCEPT ![i] = InitialVote(i)]
        /\ recvset' = [recvset EXCEPT ![i] = NoVotes]
        /\ outOfElection' = [outOfElection EXCEPT ![i] = NoVotes]
        /\ recvQueue' = [recvQueue EXCEPT ![i] = OwnCopy(i, n)]
        /\ waitNotmsg' = [waitNotmsg EXCEPT ![i] = FALSE]
        /\ leadingVoteSet' = [leadingVoteSet EXCEPT ![i] = {}]

(***************************************************************************)
(* A server loses its leader, or as a leader its followers, and is LOOKING *)
(* again, in the next round.  Why it does so is a matter of Zab.tla: here  *)
(* it may at any time (QuorumPeer.run).                                    *)
(***************************************************************************)
ZabTimeout(i) ==
    /\ state[i] # LOOKING
    /\ LookForLeader(i, logicalClock[i] + 1)
    /\ SendNotifications(i, Looking(i, logicalClock[i] + 1, InitialVote(i)))
    /\ UNCHANGED <<durableVars, currentVote>>

(***************************************************************************)
(* A server crashes and starts again.  What was on disk is all it has: the *)
(* round begins at 1 anew, below the rounds of the others.  Its            *)
(* connections are new: what was on its way to it is lost, and the others  *)
(* send their last message again.  What it had sent may still arrive.      *)
(***************************************************************************)
Restart(i) ==
    LET n == Looking(i, 1, InitialVote(i))
    IN  /\ LookForLeader(i, 1)
        /\ currentVote' = [currentVote EXCEPT ![i] = FirstVote(i)]
        /\ electionMsgs' = [s \in Server |-> [t \in Server |->
               CASE s = i /\ t \in Voter \ {i} -> Append(electionMsgs[i][t], n)
                 [] t = i /\ s # i             -> lastMessageSent[s][i]
                 [] OTHER                      -> electionMsgs[s][t]]]
        /\ lastMessageSent' = [lastMessageSent EXCEPT ![i] =
               [t \in Server |-> IF t \in Voter \ {i} THEN <<n>> ELSE <<>>]]
        /\ UNCHANGED durableVars

(***************************************************************************)
(* Server i receives a notification from j (WorkerReceiver.run).           *)
(*                                                                         *)
(* From a server without a vote it wants nothing; it answers with its      *)
(* current vote, the round that it is in, and its state.                   *)
(*                                                                         *)
(* A server that is LOOKING puts a voter's notification in the queue.  If  *)
(* j is LOOKING in an earlier round it also answers at once with its       *)
(* proposal, so that j catches up.                                         *)
(*                                                                         *)
(* A server that has ended its election answers a voter that is LOOKING    *)
(* with the vote and the round in which it ended.  Others need no answer.  *)
(***************************************************************************)
ReceiveNotmsg(i, j) ==
    /\ electionMsgs[j][i] # <<>>
    /\ LET n == Head(electionMsgs[j][i])
       IN  IF j \notin Voter
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

(***************************************************************************)
(* The election of server i ends: a quorum S has voted as in v.  A voter   *)
(* leads if the vote is for itself, else it follows; a server without a    *)
(* vote observes.  All that was heard in the election is forgotten         *)
(* (FLE.setPeerState, leaveInstance).                                      *)
(***************************************************************************)
Decide(i, v, S) ==
    /\ state' = [state EXCEPT ![i] = IF v.leader = i THEN LEADING
                                     ELSE IF i \in Voter THEN FOLLOWING
                                     ELSE OBSERVING]
    /\ leadingVoteSet' = [leadingVoteSet EXCEPT ![i] = IF v.leader = i THEN S ELSE {}]
    /\ currentVote' = [currentVote EXCEPT ![i] = [v EXCEPT !.state = LOOKING]]
    /\ recvQueue' = [recvQueue EXCEPT ![i] = <<>>]
    /\ recvset' = [recvset EXCEPT ![i] = NoVotes]
    /\ outOfElection' = [outOfElection EXCEPT ![i] = NoVotes]
    /\ waitNotmsg' = [waitNotmsg EXCEPT ![i] = FALSE]

(***************************************************************************)
(* Server i handles the vote of a voter that is LOOKING.                   *)
(*                                                                         *)
(* A notification of an earlier round is dropped; the sender has had its   *)
(* answer.  One of a later round makes i forget the votes that it has      *)
(* heard, enter that round, and vote for the better of the sender's vote   *)
(* and its own first one.  In the same round i takes over a better vote.   *)
(* Whenever the vote or the round changed, i tells all voters.             *)
(*                                                                         *)
(* The sender's vote is then written down, and if a quorum has voted as i  *)
(* does now, i waits for better votes.                                     *)
(*                                                                         *)
(* With an empty database on either side, nothing of this happens.         *)
(***************************************************************************)
HandleLooking(i, n) ==
    LET later  == n.electionEpoch > logicalClock[i]
        round  == IF later THEN n.electionEpoch ELSE logicalClock[i]
        mine   == IF later THEN InitialVote(i) ELSE proposal[i]
        better == TotalOrderPredicate(n, mine)
        new    == IF better THEN ProposalOf(n) ELSE mine
        votes  == Put(IF later THEN NoVotes ELSE recvset[i], n.sid, VoteOf(n))
        told   == Looking(i, round, new)
    IN  IF \/ n.electionEpoch < logicalClock[i]
           \/ InitialVote(i).zxid = EmptyDatabase
           \/ n.zxid = EmptyDatabase
        THEN /\ recvQueue' = [recvQueue EXCEPT ![i] = Tail(@)]
             /\ UNCHANGED <<voteVars, tableVars, waitNotmsg, resultVars, channelVars>>
        ELSE /\ logicalClock' = [logicalClock EXCEPT ![i] = round]
             /\ proposal' = [proposal EXCEPT ![i] = new]
             /\ recvset' = [recvset EXCEPT ![i] = votes]
             /\ waitNotmsg' = [waitNotmsg EXCEPT ![i] =
                    HasQuorum(VoteSet(votes, LookingVote(new, round)))]
             /\ IF later \/ better
                THEN /\ SendNotifications(i, told)
                     /\ recvQueue' = [recvQueue EXCEPT ![i] = Tail(@) \o OwnCopy(i, told)]
                ELSE /\ recvQueue' = [recvQueue EXCEPT ![i] = Tail(@)]
                     /\ UNCHANGED channelVars
             /\ UNCHANGED <<currentVote, outOfElection, resultVars>>

(***************************************************************************)
(* Server i handles the vote of a voter that is FOLLOWING or LEADING.      *)
(*                                                                         *)
(* If it is from the round that i is in, it counts among the votes of the  *)
(* round.  In any case it counts among the votes of those that have ended  *)
(* their election.  As soon as one of the two has a quorum for the         *)
(* sender's leader, and the leader itself says that it leads, i joins: in  *)
(* the second case it also takes over the round, which may be an earlier   *)
(* one (FLE.receivedFollowingNotification).                                *)
(***************************************************************************)
HandleFollowingOrLeading(i, n) ==
    LET v       == VoteOf(n)
        inRound == n.electionEpoch = logicalClock[i]
        votes   == IF inRound THEN Put(recvset[i], n.sid, v) ELSE recvset[i]
        others  == Put(outOfElection[i], n.sid, v)
        S       == VoteSet(votes, v)
        T       == VoteSetOutOfElection(others, v)
    IN  /\ IF inRound /\ HasQuorum(S) /\ CheckLeader(i, votes, n)
           THEN Decide(i, v, S) /\ UNCHANGED logicalClock
           ELSE IF HasQuorum(T) /\ CheckLeader(i, others, n)
           THEN /\ Decide(i, v, T)
                /\ logicalClock' = [logicalClock EXCEPT ![i] = n.electionEpoch]
           ELSE /\ recvset' = [recvset EXCEPT ![i] = votes]
                /\ outOfElection' = [outOfElection EXCEPT ![i] = others]
                /\ recvQueue' = [recvQueue EXCEPT ![i] = Tail(@)]
                /\ UNCHANGED <<logicalClock, currentVote, waitNotmsg, resultVars>>
        /\ UNCHANGED <<proposal, channelVars>>

(***************************************************************************)
(* Server i, LOOKING, takes the next notification from its queue (the loop *)
(* of FLE.lookForLeader).  It is from a voter and for a voter, which Java  *)
(* makes sure of because configurations may differ; see VotesAreForVoters. *)
(***************************************************************************)
HandleNotmsg(i) ==
    /\ state[i] = LOOKING
    /\ ~waitNotmsg[i]
    /\ recvQueue[i] # <<>>
    /\ LET n == Head(recvQueue[i])
       IN  IF n.state = LOOKING
           THEN HandleLooking(i, n)
           ELSE HandleFollowingOrLeading(i, n)
    /\ UNCHANGED durableVars

(***************************************************************************)
(* While server i waits, it reads its queue.  A better vote ends the wait; *)
(* it goes back to the end of the queue and is handled in its turn.  All   *)
(* else is dropped.                                                        *)
(***************************************************************************)
WaitNewNotmsg(i) ==
    /\ waitNotmsg[i]
    /\ recvQueue[i] # <<>>
    /\ LET n      == Head(recvQueue[i])
           better == TotalOrderPredicate(n, proposal[i])
       IN  /\ recvQueue' = [recvQueue EXCEPT ![i] = Tail(@) \o (IF better THEN <<n>> ELSE <<>>)]
           /\ waitNotmsg' = [waitNotmsg EXCEPT ![i] = ~better]
    /\ UNCHANGED <<durableVars, voteVars, tableVars, resultVars, channelVars>>

(***************************************************************************)
(* Nothing has come for the time of the wait (200 ms): the election of i   *)
(* has ended with its vote.                                                *)
(***************************************************************************)
WaitNewNotmsgEnd(i) ==
    LET v == LookingVote(proposal[i], logicalClock[i])
    IN  /\ waitNotmsg[i]
        /\ recvQueue[i] = <<>>
        /\ Decide(i, v, VoteSet(recvset[i], v))
        /\ UNCHANGED <<durableVars, logicalClock, proposal, channelVars>>

(***************************************************************************)
(* Nothing has come for a longer time, from 200 ms at first to a minute:   *)
(* server i sends its vote again.                                          *)
(***************************************************************************)
NotmsgTimeout(i) ==
    LET n == Looking(i, logicalClock[i], proposal[i])
    IN  /\ state[i] = LOOKING
        /\ ~waitNotmsg[i]
        /\ recvQueue[i] = <<>>
        /\ SendNotifications(i, n)
        /\ recvQueue' = [recvQueue EXCEPT ![i] = OwnCopy(i, n)]
        /\ UNCHANGED <<durableVars, voteVars, tableVars, waitNotmsg, resultVars>>

-------------------------------------------------------------------------------
(***************************************************************************)
(* Steps of the network                                                    *)
(***************************************************************************)

(***************************************************************************)
(* The connection between i and j breaks, and a new one is made.  What was *)
(* on its way is lost in both directions, and each end sends the last      *)
(* notification that it has sent again, whether or not it had arrived      *)
(* (SendWorker.run).                                                       *)
(***************************************************************************)
BreakConnection(i, j) ==
    /\ i # j
    /\ electionMsgs' = [electionMsgs EXCEPT ![i][j] = lastMessageSent[i][j],
                                            ![j][i] = lastMessageSent[j][i]]
    /\ UNCHANGED <<durableVars, voteVars, tableVars, recvQueue, waitNotmsg, resultVars,
                   lastMessageSent>>

(***************************************************************************)
(* A notification that waits to be sent is replaced by the next one        *)
(* (QuorumCnxManager.SEND_CAPACITY is 1).                                  *)
(***************************************************************************)
OvertakeNotmsg(i, j) ==
    /\ \E k \in 1 .. Len(electionMsgs[i][j]) - 1 :
           electionMsgs' = [electionMsgs EXCEPT ![i][j] =
               SubSeq(@, 1, k - 1) \o SubSeq(@, k + 1, Len(@))]
    /\ UNCHANGED <<durableVars, voteVars, tableVars, recvQueue, waitNotmsg, resultVars,
                   lastMessageSent>>

-------------------------------------------------------------------------------
(***************************************************************************)
(* Steps of the ensemble between elections                                 *)
(*                                                                         *)
(* Zab.tla says how a leader is established and its history is copied.     *)
(* Elections see of this only that epochs and zxids grow, and that the     *)
(* vote with which the election ended gets the new epoch                   *)
(* (QuorumPeer.updateElectionVote).                                        *)
(***************************************************************************)
Follows(i, j) == state[i] = FOLLOWING /\ state[j] = LEADING /\ currentVote[i].leader = j

UpdateElectionVote(i, epoch) ==
    currentVote' = [currentVote EXCEPT ![i].peerEpoch = epoch]

electionVars == <<logicalClock, proposal, tableVars, recvQueue, waitNotmsg, resultVars,
                  channelVars>>

(***************************************************************************)
(* A leader with a quorum of followers starts an epoch that nobody has     *)
(* seen.                                                                   *)
(***************************************************************************)
LeaderAdvanceEpoch(i) ==
    LET epoch == 1 + CHOOSE e \in {currentEpoch[s] : s \in Voter} :
                        \A s \in Voter : currentEpoch[s] <= e
    IN  /\ state[i] = LEADING
        /\ HasQuorum({i} \cup {s \in Voter : Follows(s, i)})
        /\ currentEpoch' = [currentEpoch EXCEPT ![i] = epoch]
        /\ UpdateElectionVote(i, epoch)
        /\ UNCHANGED <<lastZxid, electionVars>>

(***************************************************************************)
(* A follower gets the epoch and the history of its leader.                *)
(***************************************************************************)
FollowerUpdateEpoch(i, j) ==
    /\ Follows(i, j)
    /\ currentEpoch[i] < currentEpoch[j]
    /\ currentEpoch' = [currentEpoch EXCEPT ![i] = currentEpoch[j]]
    /\ lastZxid' = [lastZxid EXCEPT ![i] = lastZxid[j]]
    /\ UpdateElectionVote(i, currentEpoch[j])
    /\ UNCHANGED electionVars

(***************************************************************************)
(* An established leader logs a transaction.                               *)
(***************************************************************************)
LeaderAdvanceZxid(i) ==
    /\ state[i] = LEADING
    /\ currentVote[i].peerEpoch = currentEpoch[i]
    /\ lastZxid' = [lastZxid EXCEPT ![i] = @ + 1]
    /\ UNCHANGED <<currentEpoch, currentVote, electionVars>>

(***************************************************************************)
(* A follower logs a transaction that its leader has logged.               *)
(***************************************************************************)
FollowerUpdateZxid(i, j) ==
    /\ Follows(i, j)
    /\ currentEpoch[i] = currentEpoch[j]
    /\ lastZxid[i] < lastZxid[j]
    /\ lastZxid' = [lastZxid EXCEPT ![i] = @ + 1]
    /\ UNCHANGED <<currentEpoch, currentVote, electionVars>>

-------------------------------------------------------------------------------
(***************************************************************************)
(* The next step: of the election, of the network, or of the ensemble.     *)
(***************************************************************************)
Elect ==
    \/ \E i, j \in Server : ReceiveNotmsg(i, j)
    \/ \E i \in Server : HandleNotmsg(i)
    \/ \E i \in Server : WaitNewNotmsg(i)
    \/ \E i \in Server : WaitNewNotmsgEnd(i)

Disturb ==
    \/ \E i \in Server : ZabTimeout(i)
    \/ \E i \in Server : Restart(i)
    \/ \E i \in Server : NotmsgTimeout(i)
    \/ \E i, j \in Server : BreakConnection(i, j)
    \/ \E i, j \in Server : OvertakeNotmsg(i, j)

Serve ==
    \/ \E i \in Voter : LeaderAdvanceEpoch(i)
    \/ \E i, j \in Voter : FollowerUpdateEpoch(i, j)
    \/ \E i \in Voter : LeaderAdvanceZxid(i)
    \/ \E i, j \in Voter : FollowerUpdateZxid(i, j)

Next == Elect \/ Disturb \/ Serve

Spec == Init /\ [][Next]_vars

(***************************************************************************)
(* A server that can receive, handle or decide does so in the end.         *)
(***************************************************************************)
Fairness ==
    /\ \A i, j \in Server : WF_vars(ReceiveNotmsg(i, j))
    /\ \A i \in Server : WF_vars(HandleNotmsg(i)) /\ WF_vars(WaitNewNotmsg(i))
    /\ \A i \in Server : WF_vars(WaitNewNotmsgEnd(i))

-------------------------------------------------------------------------------
(***************************************************************************)
(* What holds in every state                                               *)
(***************************************************************************)
Int2 == Nat \cup {EmptyDatabase, Lowest}

ProposalType == [leader : Voter \cup {Lowest}, zxid : Int2, peerEpoch : Int2]

NotificationType == [sid           : Server,
                     state         : States,
                     leader        : Server \cup {Lowest},
                     zxid          : Int2,
                     electionEpoch : Nat,
                     peerEpoch     : Int2]

VoteType == [leader        : Server,
             zxid          : Int2,
             electionEpoch : Nat \cup {-1},
             peerEpoch     : Int2,
             state         : States]

IsTable(votes) == DOMAIN votes \subseteq Voter /\ \A s \in DOMAIN votes : votes[s] \in VoteType

IsQueue(messages) == \A k \in DOMAIN messages : messages[k] \in NotificationType

TypeOK ==
    \A i \in Server :
        /\ state[i] \in States
        /\ currentEpoch[i] \in Nat
        /\ lastZxid[i] \in Nat \cup {EmptyDatabase}
        /\ logicalClock[i] \in Nat
        /\ proposal[i] \in ProposalType
        /\ currentVote[i] \in VoteType
        /\ currentVote[i].electionEpoch = -1 => state[i] = LOOKING
        /\ IsTable(recvset[i]) /\ IsTable(outOfElection[i])
        /\ IsQueue(recvQueue[i])
        /\ waitNotmsg[i] \in BOOLEAN
        /\ leadingVoteSet[i] \subseteq Voter
        /\ \A j \in Server : IsQueue(electionMsgs[i][j]) /\ IsQueue(lastMessageSent[i][j])

(***************************************************************************)
(* Observers observe and voters do not.  A leader has been elected by a    *)
(* quorum, and has elected itself; a follower has elected another.         *)
(***************************************************************************)
StateFitsRole ==
    \A i \in Server :
        /\ state[i] = OBSERVING => i \in Observer
        /\ state[i] \in {FOLLOWING, LEADING} => i \in Voter
        /\ state[i] = LEADING <=> state[i] # LOOKING /\ currentVote[i].leader = i
        /\ state[i] = LEADING <=> HasQuorum(leadingVoteSet[i])

(***************************************************************************)
(* A server that is LOOKING never votes for less than itself, and a voter  *)
(* only for voters; a server of weight zero gets no vote but its own.      *)
(***************************************************************************)
ProposalAtLeastInitialVote ==
    \A i \in Server : state[i] = LOOKING => ~Exceeds(InitialVote(i), proposal[i])

VotesAreForVoters ==
    /\ \A i \in Voter : state[i] = LOOKING => proposal[i].leader \in Voter
    /\ \A i \in Server : \A k \in DOMAIN recvQueue[i] :
           recvQueue[i][k].sid \in Voter /\ recvQueue[i][k].leader \in Voter

WeightZeroGetsNoVote ==
    \A i \in Server : LET v == IF state[i] = LOOKING THEN proposal[i].leader
                                                     ELSE currentVote[i].leader
                      IN  v \in Voter \ {i} => Config.weight[v] > 0

(***************************************************************************)
(* recvset has votes of the present round, outOfElection has votes of      *)
(* servers that were not LOOKING.  A server that has ended its election    *)
(* remembers nothing of it.  While a server waits, a quorum votes as it    *)
(* does.                                                                   *)
(***************************************************************************)
TablesFit ==
    \A i \in Server :
        /\ \A s \in DOMAIN recvset[i] : recvset[i][s].electionEpoch = logicalClock[i]
        /\ \A s \in DOMAIN outOfElection[i] : outOfElection[i][s].state \in {FOLLOWING, LEADING}
        /\ state[i] # LOOKING => /\ DOMAIN recvset[i] = {} /\ DOMAIN outOfElection[i] = {}
                                 /\ recvQueue[i] = <<>> /\ ~waitNotmsg[i]
        /\ waitNotmsg[i] => HasQuorum(VoteSet(recvset[i],
                                              LookingVote(proposal[i], logicalClock[i])))

(***************************************************************************)
(* Nobody is elected without a database.                                   *)
(***************************************************************************)
EmptyDatabaseElectsNobody ==
    \A i \in Server : state[i] = LEADING => currentVote[i].zxid # EmptyDatabase

-------------------------------------------------------------------------------
(***************************************************************************)
(* What holds of every step                                                *)
(***************************************************************************)

(***************************************************************************)
(* The round of a server only grows.  Two exceptions: it starts anew, or   *)
(* it joins an ensemble that was established in an earlier round.          *)
(***************************************************************************)
Joins(i) == state[i] = LOOKING /\ state'[i] # LOOKING

LogicalClockGrows ==
    [][\A i \in Server : logicalClock'[i] < logicalClock[i] => Joins(i) \/ Restart(i)]_vars

(***************************************************************************)
(* Within a round the vote of a server that is LOOKING only gets better.   *)
(***************************************************************************)
StaysInRound(i) ==
    state[i] = LOOKING /\ state'[i] = LOOKING /\ logicalClock'[i] = logicalClock[i]

VotesGrow ==
    [][\A i \in Server : StaysInRound(i) /\ proposal'[i] # proposal[i] =>
           Exceeds(proposal'[i], proposal[i]) \/ Restart(i)]_vars

(***************************************************************************)
(* A better vote of its round that a server has received stays with it     *)
(* until the server votes for it or for a better one.  (With an empty      *)
(* database on either side it is of no use.)                               *)
(***************************************************************************)
\* @type: (SERVER, $notification) => Bool;
IsOfUse(i, n) ==
    /\ n.state = LOOKING
    /\ n.electionEpoch = logicalClock[i]
    /\ TotalOrderPredicate(n, proposal[i])
    /\ EmptyDatabase \notin {InitialVote(i).zxid, n.zxid}

BetterVotesAreKept ==
    [][\A i \in Server : StaysInRound(i) /\ ~Restart(i) =>
           \A k \in DOMAIN recvQueue[i] :
               LET n == recvQueue[i][k]
               IN  IsOfUse(i, n) =>
                       \/ \E l \in DOMAIN recvQueue'[i] : recvQueue'[i][l] = n
                       \/ ~Exceeds(n, proposal'[i])]_vars

(***************************************************************************)
(* What a LOOKING server has told a voter last is its round and its vote.  *)
(***************************************************************************)
TellsItsVote ==
    \A i \in Server : \A j \in Voter \ {i} :
        state[i] = LOOKING /\ lastMessageSent[i][j] # <<>> =>
            lastMessageSent[i][j] = <<Looking(i, logicalClock[i], proposal[i])>>

(* A follower takes its leader's epoch together with its leader's history. *)
EpochsComeWithHistory ==
    [][\A i, j \in Server : Follows(i, j) /\ currentEpoch'[i] # currentEpoch[i] =>
           /\ currentEpoch'[i] = currentEpoch[j]
           /\ lastZxid'[i] = lastZxid[j]]_vars

(***************************************************************************)
(* Whoever enters a later round has been told of it, or was not LOOKING.   *)
(***************************************************************************)
RoundsAreHeardOf ==
    [][\A i \in Server : logicalClock'[i] > logicalClock[i] =>
           \/ state[i] # LOOKING /\ logicalClock'[i] = logicalClock[i] + 1
           \/ recvQueue[i] # <<>> /\ Head(recvQueue[i]).electionEpoch = logicalClock'[i]]_vars

(***************************************************************************)
(* An election ends with a vote, current or heard of, that a quorum has    *)
(* given.  Whoever follows in an election that others have ended has heard *)
(* from the leader itself that it leads.                                   *)
(***************************************************************************)
HeardOf(i) == IF recvQueue[i] = <<>> THEN {} ELSE {Head(recvQueue[i])}

EndsWithQuorum ==
    [][\A i \in Server : Joins(i) =>
           LET v == currentVote'[i]
               S == {s \in DOMAIN recvset[i] :
                        /\ recvset[i][s].leader = v.leader
                        /\ recvset[i][s].electionEpoch = v.electionEpoch}
               T == {s \in DOMAIN outOfElection[i] :
                        /\ outOfElection[i][s].leader = v.leader
                        /\ outOfElection[i][s].peerEpoch = v.peerEpoch}
               U == {n.sid : n \in HeardOf(i)}
           IN  /\ HasQuorum(S \cup U) \/ HasQuorum(T \cup U)
               /\ v.electionEpoch = logicalClock'[i]]_vars

JoinsOnlyLeading ==
    [][\A i \in Server :
           LET l == currentVote'[i].leader
           IN  Joins(i) /\ ~waitNotmsg[i] /\ l # i =>
                   \/ l \in DOMAIN outOfElection[i] /\ outOfElection[i][l].state = LEADING
                   \/ \E n \in HeardOf(i) : n.sid = l /\ n.state = LEADING]_vars

(***************************************************************************)
(* The elected leader is the best of those that elected it: none of them   *)
(* has a later epoch or zxid, or the same and a higher id.  (This compares *)
(* with what they have now, so it holds as long as no log grows while an   *)
(* old vote is under way; weight zero does not count.)                     *)
(***************************************************************************)
ElectedIsBest ==
    [][\A i \in Server : state[i] = LOOKING /\ state'[i] = LEADING =>
           \A s \in leadingVoteSet'[i] : ~Exceeds(InitialVote(s), currentVote'[i])]_vars

-------------------------------------------------------------------------------
(***************************************************************************)
(* What the election does not promise                                      *)
(***************************************************************************)

(***************************************************************************)
(* Servers that ended the same round agree on the leader.  They need not:  *)
(* a vote that comes after the wait of one may still win over the others.  *)
(* It holds if no wait ends while a better vote is still on its way to     *)
(* anybody (spec/models has both models).                                  *)
(***************************************************************************)
AgreementInRound ==
    \A i, j \in Voter :
        /\ state[i] \in {FOLLOWING, LEADING}
        /\ state[j] \in {FOLLOWING, LEADING}
        /\ currentVote[i].electionEpoch = currentVote[j].electionEpoch
        => currentVote[i].leader = currentVote[j].leader

(***************************************************************************)
(* What is left of agreement: of two leaders at most one has a quorum that *)
(* follows it now.  So at most one gets through the phases after the       *)
(* election.                                                               *)
(***************************************************************************)
HasFollowers(i) ==
    state[i] = LEADING /\ HasQuorum({i} \cup {s \in Voter : Follows(s, i)})

OneLeaderIsFollowed ==
    \A i, j \in Voter : HasFollowers(i) /\ HasFollowers(j) => i = j

-------------------------------------------------------------------------------
(***************************************************************************)
(* With time, every server ends its election, if nothing disturbs it       *)
(* forever; and all follow one leader, if the ensemble has one that a      *)
(* quorum follows.                                                         *)
(***************************************************************************)
EveryoneDecides == \A i \in Server : state[i] = LOOKING ~> state[i] # LOOKING

AllFollowOne ==
    <>(\E l \in Voter : \A i \in Server :
           state[i] # LOOKING /\ currentVote[i].leader = l)

THEOREM Spec => []TypeOK
THEOREM Spec => []StateFitsRole
THEOREM Spec => []ProposalAtLeastInitialVote
THEOREM Spec => []VotesAreForVoters
THEOREM Spec => []WeightZeroGetsNoVote
THEOREM Spec => []TablesFit
THEOREM Spec => []EmptyDatabaseElectsNobody
THEOREM Spec => []OneLeaderIsFollowed
THEOREM Spec => LogicalClockGrows
THEOREM Spec => VotesGrow
THEOREM Spec => RoundsAreHeardOf
THEOREM Spec => EndsWithQuorum
THEOREM Spec => JoinsOnlyLeading

=============================================================================
