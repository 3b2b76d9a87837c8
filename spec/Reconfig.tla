------------------------------ MODULE Reconfig ------------------------------
(***************************************************************************)
(* Dynamic reconfiguration of a running ensemble, on top of Zab.tla        *)
(* (Shraer, Reed, Malkhi, Junqueira, "Dynamic Reconfiguration of           *)
(* Primary/Backup Clusters", USENIX ATC 2012; ZooKeeper since 3.5).        *)
(*                                                                         *)
(* A reconfiguration is a transaction like any other, whose value is the   *)
(* new membership.  From its proposal to its commit, decisions need a      *)
(* quorum of the old and a quorum of the new configuration.  With its      *)
(* commit it is activated: the new configuration decides alone, and a      *)
(* leader that is not a member of it hands over.                           *)
(*                                                                         *)
(* A server knows two configurations: the last committed one, and the last *)
(* one that it has seen proposed.  Both are in memory and in files; they   *)
(* become durable in steps of their own, and a server that starts again    *)
(* has what is in the files.  They are not read out of the log.            *)
(*                                                                         *)
(* A step here is a step of Zab with what it does to configurations.  Some *)
(* operators of Zab have another meaning; TLA+ has no overriding, so that  *)
(* a model says in its configuration what stands for what, as it does for  *)
(* the variants:                                                           *)
(*                                                                         *)
(*     HasQuorum         <- HasQuorumOfConfigs                             *)
(*     HasAllQuorums     <- HasAllQuorumsOfConfigs                         *)
(*     IsQuorum          <- IsQuorumOfLatest                               *)
(*     FollowerInfo      <- FollowerInfoWithVersion                        *)
(*     NewLeader         <- NewLeaderWithConfig                            *)
(*     Proposal          <- ProposalWithVerifiers                          *)
(*     LeaderTryToCommit <- LeaderTryToCommitAndActivate                   *)
(*                                                                         *)
(* Server is here everybody who is ever a member.  Who is not a member now *)
(* may follow a leader, as a new server does before it is added; what it   *)
(* acknowledges does not count (a "non-voting participant" in              *)
(* QuorumPeer.updateLearnerType).  Left out: observers, that is who gets   *)
(* INFORM and INFORMANDACTIVATE in place of PROPOSAL and COMMIT; addresses *)
(* and ports; how the election comes to its result.                        *)
(***************************************************************************)
EXTENDS Zab

CONSTANTS
    InitialMembers,     \* what all servers start with: members of a configuration of Quorums.tla
    Reconfigurations    \* the memberships that clients may ask for

QV == INSTANCE Quorums

ASSUME MembershipsAreConfigs ==
    \A members \in Reconfigurations \cup {InitialMembers} :
        QV!IsConfig(members) /\ QV!Members(members) \subseteq Server

COMMITANDACTIVATE == "COMMITANDACTIVATE"

-----------------------------------------------------------------------------
VARIABLES
    (* In memory.                                                          *)
    quorumVerifier,             \* the last committed configuration that i knows
    lastSeenQuorumVerifier,     \* the last proposed one
    newLeaderQuorumVerifier,    \* the one that NEWLEADER brought, until UPTODATE

    (* In files.  A crash leaves these as they are.                        *)
    dynamicConfig,              \* zoo.cfg.dynamic: the last committed configuration
    nextDynamicConfig,          \* zoo.cfg.dynamic.next: a later one that was proposed, if there is

    (* A history variable, read by the properties only.                    *)
    configurations              \* the committed configurations, and which quorums made them so

memoryConfigVars == <<quorumVerifier, lastSeenQuorumVerifier, newLeaderQuorumVerifier>>
fileConfigVars == <<dynamicConfig, nextDynamicConfig>>
configVars == <<memoryConfigVars, fileConfigVars, configurations>>
reconfigVars == <<vars, configVars>>

-----------------------------------------------------------------------------
(* Configurations.                                                         *)

(***************************************************************************)
(* A configuration is a membership and its version, the zxid of the        *)
(* transaction that proposed it.  The one in the files of a new ensemble   *)
(* has version 0 and is given the zxid of the first NEWLEADER.             *)
(***************************************************************************)
NoMembers == [groups |-> {}, weight |-> [s \in {} |-> 1]]
NoConfig == [version |-> ZeroZxid, members |-> NoMembers]
InitialConfig == [version |-> ZeroZxid, members |-> InitialMembers]

Config == [version : Zxid, members : Reconfigurations \cup {InitialMembers}]

Newer(c, d) == ZxidLess(d.version, c.version)
Newest(S) == CHOOSE c \in S : \A d \in S : ~Newer(d, c)

VotersOf == [members \in Reconfigurations \cup {InitialMembers} |-> QV!Members(members)]
QuorumsOf == [members \in Reconfigurations \cup {InitialMembers} |-> QV!Quorums(members)]

Voters(c) == VotersOf[c.members]
IsQuorumOfConfig(c, S) == S \cap Voters(c) \in QuorumsOf[c.members]

IsReconfig(txn) == txn.value \in Reconfigurations
ConfigOf(txn) == [version |-> txn.zxid, members |-> txn.value]

(***************************************************************************)
(* The configurations whose quorums server i needs: the committed one, and *)
(* the one last seen as long as that is later.                             *)
(***************************************************************************)
IsReconfigPending(i) == Newer(lastSeenQuorumVerifier[i], quorumVerifier[i])

Verifiers(i) ==
    {quorumVerifier[i]} \cup
        IF IsReconfigPending(i) THEN {lastSeenQuorumVerifier[i]} ELSE {}

(***************************************************************************)
(* Leader i has quorums of all that it needs for its NEWLEADER.            *)
(* Leader.waitForNewLeaderAck, SyncedLearnerTracker.hasAllQuorums.         *)
(***************************************************************************)
HasAllQuorumsOfConfigs(i, S) == \A c \in Verifiers(i) : IsQuorumOfConfig(c, S)

(***************************************************************************)
(* Leader i has what it needs for an epoch and for promises; it is itself  *)
(* a member.  Once it has had that, no change of the configuration takes   *)
(* it back (waitingForNewEpoch, electionFinished).  Apache's leader asks   *)
(* for a quorum of the committed configuration only; two leaders may then  *)
(* start the same epoch (variant DiscoveryByCommitted).                    *)
(* Leader.getEpochToPropose, waitForEpochAck.                              *)
(***************************************************************************)
MayLead(i) == i \in Voters(quorumVerifier[i])

HasQuorumToLead(i, S) == MayLead(i) /\ HasAllQuorumsOfConfigs(i, S)

HasQuorumOfConfigs(i, S) ==
    zabState[i] \in {SYNCHRONIZATION, BROADCAST} \/ HasQuorumToLead(i, S)

(***************************************************************************)
(* What is in the files of i, as a server that starts reads it.            *)
(***************************************************************************)
LastSeenInFiles(i) ==
    IF nextDynamicConfig[i] = NoConfig THEN dynamicConfig[i] ELSE nextDynamicConfig[i]

LastSeenIsDurable(i) == LastSeenInFiles(i) = lastSeenQuorumVerifier[i]

(***************************************************************************)
(* Server i has seen configuration c proposed.  What it knows to be        *)
(* committed is not forgotten for an older one.                            *)
(* QuorumPeer.setLastSeenQuorumVerifier.                                   *)
(***************************************************************************)
WithLastSeen(i, c) ==
    [lastSeenQuorumVerifier EXCEPT ![i] =
        IF Newer(quorumVerifier[i], c) THEN quorumVerifier[i] ELSE c]

(***************************************************************************)
(* Server i activates configuration c, unless it knows it or a later one.  *)
(* QuorumPeer.processReconfig, setQuorumVerifier.                          *)
(***************************************************************************)
Activate(i, c) ==
    IF Newer(c, quorumVerifier[i])
    THEN /\ quorumVerifier' = [quorumVerifier EXCEPT ![i] = c]
         /\ lastSeenQuorumVerifier' =
                [lastSeenQuorumVerifier EXCEPT ![i] = IF Newer(c, @) THEN c ELSE @]
    ELSE UNCHANGED <<quorumVerifier, lastSeenQuorumVerifier>>

(* What the properties remember of a configuration that is committed.      *)
Committed(c, by) ==
    IF Newer(c, configurations[Len(configurations)].config)
    THEN Append(configurations, [config |-> c, by |-> by])
    ELSE configurations

(***************************************************************************)
(* A set of servers is a quorum of the latest configuration: what is       *)
(* committed is on the disks of one (CommittedIsDurable).                  *)
(***************************************************************************)
IsQuorumOfLatest(S) == IsQuorumOfConfig(configurations[Len(configurations)].config, S)

-----------------------------------------------------------------------------
(* Messages and proposals.                                                 *)

(***************************************************************************)
(* FOLLOWERINFO says which version is active at the follower (LearnerInfo),*)
(* NEWLEADER brings the configuration that its leader has seen last,       *)
(* COMMITANDACTIVATE names the server that should lead from now on.        *)
(***************************************************************************)
FollowerInfoWithVersion(i) ==
    [mtype |-> FOLLOWERINFO, mzxid |-> <<acceptedEpoch[i], 0>>,
     mversion |-> quorumVerifier[i].version]

NewLeaderWithConfig(i) ==
    [mtype |-> NEWLEADER, mzxid |-> <<newEpoch[i], 0>>, mconfig |-> lastSeenQuorumVerifier[i]]

CommitAndActivate(zxid, designated) ==
    [mtype |-> COMMITANDACTIVATE, mzxid |-> zxid, mleader |-> designated]

ReconfigMessage ==
    [mtype : {LEADERINFO, DIFF, TRUNC, ACK, UPTODATE, COMMIT}, mzxid : Zxid]
    \cup [mtype : {FOLLOWERINFO}, mzxid : Zxid, mversion : Zxid]
    \cup [mtype : {ACKEPOCH}, mzxid : Zxid, mepoch : Nat \cup {-1}]
    \cup [mtype : {SNAP}, mzxid : Zxid, msnapshot : Seq(Txn)]
    \cup [mtype : {PROPOSAL}, mzxid : Zxid, mvalue : Value]
    \cup [mtype : {NEWLEADER}, mzxid : Zxid, mconfig : Config]
    \cup [mtype : {COMMITANDACTIVATE}, mzxid : Zxid, mleader : Server]

(***************************************************************************)
(* A proposal of leader i waits for quorums of the configurations that are *)
(* alive when it is made, its own among them if it is a reconfiguration.   *)
(* Behind a reconfiguration that removes i nothing may be committed by i   *)
(* (allowedToCommit).  Leader.propose, Proposal.addQuorumVerifier.         *)
(***************************************************************************)
ProposalWithVerifiers(i, txn) ==
    LET seen == IF IsReconfig(txn) THEN ConfigOf(txn) ELSE lastSeenQuorumVerifier[i]
    IN  [txn |-> txn, ackSet |-> {},
         verifiers |-> {quorumVerifier[i]} \cup
                           IF Newer(seen, quorumVerifier[i]) THEN {seen} ELSE {},
         allowedToCommit |-> IsReconfig(txn) \/ i \in Voters(seen)]

-----------------------------------------------------------------------------
ReconfigTypeOK ==
    /\ \A i \in Server : \A k \in DOMAIN outstandingProposals[i] :
           outstandingProposals[i][k] \in
               [txn : Txn, ackSet : SUBSET Server, verifiers : SUBSET Config,
                allowedToCommit : BOOLEAN]
    /\ \A i, j \in Server : \A k \in DOMAIN msgs[i][j] : msgs[i][j][k] \in ReconfigMessage
    /\ quorumVerifier \in [Server -> Config]
    /\ lastSeenQuorumVerifier \in [Server -> Config]
    /\ newLeaderQuorumVerifier \in [Server -> Config \cup {NoConfig}]
    /\ dynamicConfig \in [Server -> Config]
    /\ nextDynamicConfig \in [Server -> Config \cup {NoConfig}]
    /\ \A k \in DOMAIN configurations :
           configurations[k] \in [config : Config, by : SUBSET Config]

ReconfigInit ==
    /\ Init
    /\ quorumVerifier = [i \in Server |-> InitialConfig]
    /\ lastSeenQuorumVerifier = [i \in Server |-> InitialConfig]
    /\ newLeaderQuorumVerifier = [i \in Server |-> NoConfig]
    /\ dynamicConfig = [i \in Server |-> InitialConfig]
    /\ nextDynamicConfig = [i \in Server |-> NoConfig]
    /\ configurations = <<[config |-> InitialConfig, by |-> {}]>>

-----------------------------------------------------------------------------
(* ELECTION.                                                               *)

(***************************************************************************)
(* Server i, LOOKING, reads a notification of j that carries a later       *)
(* configuration, and activates it.  FastLeaderElection.WorkerReceiver.    *)
(* (The notification is read as it is sent.)                               *)
(***************************************************************************)
ReceiveNotificationWithConfig(i, j) ==
    /\ status[i] = ONLINE
    /\ status[j] = ONLINE
    /\ state[i] = LOOKING
    /\ Newer(quorumVerifier[j], quorumVerifier[i])
    /\ Activate(i, quorumVerifier[j])
    /\ UNCHANGED <<vars, newLeaderQuorumVerifier, fileConfigVars, configurations>>

(***************************************************************************)
(* Only a member of the configuration that it knows as committed offers    *)
(* itself as leader.  FastLeaderElection.getInitId.                        *)
(***************************************************************************)
MemberTurnToLeading(i) ==
    /\ MayLead(i)
    /\ ZabTurnToLeading(i)
    /\ UNCHANGED configVars

-----------------------------------------------------------------------------
(* DISCOVERY.                                                              *)

(***************************************************************************)
(* Leader i reads the FOLLOWERINFO of j.  A follower with a later          *)
(* configuration is sent away: i has missed a change.                      *)
(* LearnerHandler.run.                                                     *)
(***************************************************************************)
LeaderProcessFOLLOWERINFOWithVersion(i, j) ==
    /\ state[i] = LEADING
    /\ handler[i][j] = CONNECTED
    /\ Pending(j, i, FOLLOWERINFO)
    /\ IF ZxidLess(quorumVerifier[i].version, msgs[j][i][1].mversion)
       THEN /\ handler' = [handler EXCEPT ![i][j] = NONE]
            /\ msgs' = Cut(i, j)
            /\ UNCHANGED <<serverVars, peerLastZxid, cepochRecv, ackeRecv, ackldRecv,
                           outstandingProposals, followerVars, ghostVars>>
       ELSE LeaderProcessFOLLOWERINFO(i, j)
    /\ UNCHANGED configVars

(***************************************************************************)
(* The first leader of a new ensemble gives the configuration a version,   *)
(* so that it takes precedence over the partial ones that other servers    *)
(* may start with.  Leader.lead (ZOOKEEPER-1783).                          *)
(***************************************************************************)
LeaderPersistAcceptedEpochAndRelabel(i) ==
    /\ LeaderPersistAcceptedEpoch(i)
    /\ lastSeenQuorumVerifier' =
           IF lastSeenQuorumVerifier[i].version = ZeroZxid
           THEN [lastSeenQuorumVerifier EXCEPT ![i].version = <<newEpoch[i], 0>>]
           ELSE lastSeenQuorumVerifier
    /\ UNCHANGED <<quorumVerifier, newLeaderQuorumVerifier, fileConfigVars, configurations>>

-----------------------------------------------------------------------------
(* SYNCHRONIZATION: a pending reconfiguration is completed.                *)

(***************************************************************************)
(* Leader i counts itself among those that have acknowledged NEWLEADER     *)
(* when the configuration in it is durable, as everybody else does.        *)
(***************************************************************************)
LeaderPersistCurrentEpochAfterConfig(i) ==
    /\ LastSeenIsDurable(i)
    /\ LeaderPersistCurrentEpoch(i)
    /\ UNCHANGED configVars

(***************************************************************************)
(* Configuration c is among what follower i keeps as proposed in this      *)
(* synchronization without a COMMIT.                                       *)
(***************************************************************************)
IsUncommittedInSync(i, c) ==
    \E k \in Len(packetsCommitted[i]) + 1 .. Len(packetsNotLogged[i]) :
        IsReconfig(packetsNotLogged[i][k]) /\ packetsNotLogged[i][k].zxid = c.version

(***************************************************************************)
(* What a reconfiguration that follower i reads says of those ahead of it. *)
(* Its leader proposes one only when none is pending, so whatever i has of *)
(* its log up to there is committed as far as configurations go, and so is *)
(* the one that came with NEWLEADER.  (Apache's follower does not conclude *)
(* this.  If it stops in the middle of a synchronization, it may know the  *)
(* first and the third of three configurations and not the second: variant *)
(* ProposalSaysNothing.)                                                   *)
(***************************************************************************)
LogOfLeader(i) ==
    (IF SnapshotNeeded(i) THEN database[i] ELSE Log(i)) \o packetsNotLogged[i]

KnownCommitted(i) ==
    {quorumVerifier[i]}
    \cup {ConfigOf(txn) : txn \in {txn \in Range(LogOfLeader(i)) : IsReconfig(txn)}}
    \cup IF IsUncommittedInSync(i, newLeaderQuorumVerifier[i]) THEN {}
         ELSE {newLeaderQuorumVerifier[i]} \ {NoConfig}

(***************************************************************************)
(* Follower i reads the PROPOSAL of a transaction: if that is a            *)
(* reconfiguration, i has seen it, and what is ahead of it is active.      *)
(* QuorumPeer.setLastSeenQuorumVerifier.                                   *)
(***************************************************************************)
SeeProposal(i, txn) ==
    IF IsReconfig(txn)
    THEN LET active == Newest(KnownCommitted(i))
         IN  /\ quorumVerifier' = [quorumVerifier EXCEPT ![i] = active]
             /\ lastSeenQuorumVerifier' = [lastSeenQuorumVerifier EXCEPT ![i] =
                    IF Newer(active, ConfigOf(txn)) THEN active ELSE ConfigOf(txn)]
    ELSE UNCHANGED <<quorumVerifier, lastSeenQuorumVerifier>>

(***************************************************************************)
(* Follower i reads a PROPOSAL in the middle of a synchronization.         *)
(* Learner.syncWithLeader.                                                 *)
(***************************************************************************)
FollowerProcessPROPOSALInSyncWithConfig(i, j) ==
    /\ FollowerProcessPROPOSALInSync(i, j)
    /\ SeeProposal(i, TxnOf(msgs[j][i][1]))
    /\ UNCHANGED <<newLeaderQuorumVerifier, fileConfigVars, configurations>>

(***************************************************************************)
(* Follower i reads NEWLEADER, with the configuration that its leader has  *)
(* seen last.  It takes the place of what i has seen: a reconfiguration    *)
(* that this leader does not know is given up, but not before it is gone   *)
(* from the log, which a SNAP leaves as it is until the snapshot is taken. *)
(* (Apache's follower gives it up at once.)                                *)
(* Learner.syncWithLeader.                                                 *)
(***************************************************************************)
GivesUpLater(i, c) == SnapshotNeeded(i) /\ Newer(lastSeenQuorumVerifier[i], c)

FollowerProcessNEWLEADERWithConfig(i, j) ==
    /\ FollowerProcessNEWLEADER(i, j)
    /\ LET c == msgs[j][i][1].mconfig
       IN  /\ lastSeenQuorumVerifier' =
                  IF GivesUpLater(i, c) THEN lastSeenQuorumVerifier ELSE WithLastSeen(i, c)
           /\ newLeaderQuorumVerifier' = [newLeaderQuorumVerifier EXCEPT ![i] = c]
    /\ UNCHANGED <<quorumVerifier, fileConfigVars, configurations>>

(***************************************************************************)
(* Follower i takes a snapshot, not ahead of the configuration that came   *)
(* with NEWLEADER.  Learner.syncWithLeader.                                *)
(***************************************************************************)
FollowerTakeSnapshotAfterConfig(i) ==
    /\ LastSeenIsDurable(i)
    /\ FollowerTakeSnapshot(i)
    /\ lastSeenQuorumVerifier' = WithLastSeen(i, newLeaderQuorumVerifier[i])
    /\ UNCHANGED <<quorumVerifier, newLeaderQuorumVerifier, fileConfigVars, configurations>>

(***************************************************************************)
(* Nor are its currentEpoch and the ACK of NEWLEADER ahead of that         *)
(* configuration.  Learner.syncWithLeader.                                 *)
(***************************************************************************)
FollowerPersistCurrentEpochAfterConfig(i) ==
    /\ LastSeenIsDurable(i)
    /\ FollowerPersistCurrentEpoch(i)
    /\ UNCHANGED configVars

(***************************************************************************)
(* Leader i serves: its history is committed, and so is the configuration  *)
(* that it has seen last, for quorums of it and of the committed one have  *)
(* acknowledged both.  Leader.startZkServer (ZOOKEEPER-1324).              *)
(***************************************************************************)
LeaderStartServingAndActivate(i) ==
    /\ LeaderStartServing(i)
    /\ Activate(i, lastSeenQuorumVerifier[i])
    /\ configurations' = Committed(lastSeenQuorumVerifier[i], Verifiers(i))
    /\ UNCHANGED <<newLeaderQuorumVerifier, fileConfigVars>>

(***************************************************************************)
(* A change of members by which j cannot stay the leader of i.             *)
(***************************************************************************)
LeaderChanges(i, j, c) ==
    /\ Newer(c, quorumVerifier[i])
    /\ c.members # quorumVerifier[i].members
    /\ ~(j \in Voters(quorumVerifier[i]) /\ j \in Voters(c))

(***************************************************************************)
(* Follower i reads UPTODATE and activates the configuration that came     *)
(* with NEWLEADER: its leader has completed it.  Not so if the leader      *)
(* served already and the reconfiguration is still being proposed; then    *)
(* COMMITANDACTIVATE will do it.  (Apache's follower activates it in any   *)
(* case, which is ahead of the commit: variant ActivateAtUptodate.)  If    *)
(* the leader changes with it, i leaves and looks for another.             *)
(* Learner.syncWithLeader.                                                 *)
(***************************************************************************)
FollowerProcessUPTODATEAndActivate(i, j) ==
    LET c == newLeaderQuorumVerifier[i]
        activates == ~IsUncommittedInSync(i, c)
    IN  /\ IF activates /\ LeaderChanges(i, j, c)
           THEN /\ state[i] = FOLLOWING
                /\ leader[i] = j
                /\ learnerStage[i] = ACKLD
                /\ Pending(j, i, UPTODATE)
                /\ LeaveRole(i)
                /\ UNCHANGED <<durableVars, status, queuedRequests, lastCommitted, ghostVars>>
           ELSE FollowerProcessUPTODATE(i, j)
        /\ IF activates
           THEN Activate(i, c)
           ELSE UNCHANGED <<quorumVerifier, lastSeenQuorumVerifier>>
        /\ newLeaderQuorumVerifier' = [newLeaderQuorumVerifier EXCEPT ![i] = NoConfig]
        /\ UNCHANGED <<fileConfigVars, configurations>>

-----------------------------------------------------------------------------
(* BROADCAST: a reconfiguration from its proposal to its activation.       *)

(***************************************************************************)
(* Leader i proposes the membership that a client asks for.  Refused while *)
(* another reconfiguration is pending (ReconfigInProgress), and if no      *)
(* quorum of the new configuration is connected (NewConfigNoQuorum).       *)
(* PrepRequestProcessor.pRequest2Txn, Leader.isQuorumSynced, propose.      *)
(***************************************************************************)
IsQuorumSynced(i, members) ==
    IsQuorumOfConfig([version |-> ZeroZxid, members |-> members],
                     {i} \cup {j \in Server : IsForwarding(i, j)})

MayReconfig(i) == ~IsReconfigPending(i)

LeaderProcessReconfig(i, members) ==
    /\ state[i] = LEADING
    /\ zabState[i] = BROADCAST
    /\ i \in Voters(quorumVerifier[i])
    /\ MayReconfig(i)
    /\ IsQuorumSynced(i, members)
    /\ LeaderProcessRequest(i, members)
    /\ lastSeenQuorumVerifier' =
           [lastSeenQuorumVerifier EXCEPT ![i] = [version |-> NextZxid(i), members |-> members]]
    /\ UNCHANGED <<quorumVerifier, newLeaderQuorumVerifier, fileConfigVars, configurations>>

(***************************************************************************)
(* Follower i reads a PROPOSAL.  Follower.processPacket.                   *)
(***************************************************************************)
FollowerProcessPROPOSALWithConfig(i, j) ==
    /\ FollowerProcessPROPOSAL(i, j)
    /\ SeeProposal(i, TxnOf(msgs[j][i][1]))
    /\ UNCHANGED <<newLeaderQuorumVerifier, fileConfigVars, configurations>>

(***************************************************************************)
(* The log of server i gets a reconfiguration only after the file that     *)
(* says what was seen, so that an ACK speaks for both: Apache writes the   *)
(* file before it queues the transaction.                                  *)
(***************************************************************************)
MayFlush(i, n) ==
    (\E k \in 1..n : IsReconfig(queuedRequests[i][k])) => LastSeenIsDurable(i)

(***************************************************************************)
(* Durable step of follower i: transactions are in its log.                *)
(* SyncRequestProcessor.flush, SendAckRequestProcessor.                    *)
(***************************************************************************)
FollowerLogFlushedAfterConfig(i, n) ==
    MayFlush(i, n) /\ FollowerLogFlushed(i, n) /\ UNCHANGED configVars

(***************************************************************************)
(* Durable step of a server that has left its role, under the same         *)
(* condition.  SyncRequestProcessor.shutdown.                              *)
(***************************************************************************)
ShutdownLogFlushedAfterConfig(i, n) ==
    MayFlush(i, n) /\ ShutdownLogFlushed(i, n) /\ UNCHANGED configVars

(***************************************************************************)
(* Durable step of leader i, which acks to itself: what this completes is  *)
(* committed, and activated.  SyncRequestProcessor.flush,                  *)
(* AckRequestProcessor.                                                    *)
(***************************************************************************)
LeaderLogFlushedAfterConfig(i, n) ==
    MayFlush(i, n) /\ LeaderLogFlushed(i, n)

(***************************************************************************)
(* Proposal k when the first n of these have been committed: it waits no   *)
(* longer for a configuration of which one of them has got rid.  Every     *)
(* later leader has that reconfiguration, and asks a quorum of the newer   *)
(* one.  (Apache's leader goes on to wait for servers that may be gone:    *)
(* variant ReconfigBothBehind.)                                            *)
(***************************************************************************)
WithoutFormer(proposals, n, k) ==
    LET activated == {ConfigOf(proposals[m].txn) :
                          m \in {each \in 1..n : IsReconfig(proposals[each].txn)}}
    IN  [proposals[k] EXCEPT !.verifiers = {c \in @ : \A d \in activated : ~Newer(d, c)}]

(***************************************************************************)
(* How many of the outstanding proposals can be committed: in their order, *)
(* each with a quorum of each of its configurations, and by a leader that  *)
(* may.                                                                    *)
(***************************************************************************)
IsAcknowledged(proposal) == \A c \in proposal.verifiers : IsQuorumOfConfig(c, proposal.ackSet)

CommittableByVerifiers(proposals) ==
    Maximum({n \in 0..Len(proposals) :
                \A k \in 1..n : /\ IsAcknowledged(WithoutFormer(proposals, k - 1, k))
                                /\ proposals[k].allowedToCommit})

(***************************************************************************)
(* Who may lead after reconfiguration k of these proposals of leader i: i  *)
(* itself if it stays a member; otherwise a new member that has            *)
(* acknowledged it (Apache prefers one that has acknowledged more).        *)
(* Leader.getDesignatedLeader.                                             *)
(***************************************************************************)
MayBeDesignated(i, proposal) ==
    LET voters == Voters(ConfigOf(proposal.txn))
    IN  IF i \in voters THEN {i} ELSE (proposal.ackSet \cap voters) \ {i}

(***************************************************************************)
(* Leader i commits what it can, as in Zab.  With a reconfiguration it     *)
(* activates the new configuration, and its followers hear                 *)
(* COMMITANDACTIVATE.  At most one is pending.                             *)
(* Leader.tryToCommit, commitAndActivate.                                  *)
(***************************************************************************)
LeaderTryToCommitAndActivate(i, proposals, from) ==
    LET n    == CommittableByVerifiers(proposals)
        txns == [k \in 1..n |-> proposals[k].txn]
        reconfigs == {k \in 1..n : IsReconfig(txns[k])}
    IN  \E designated \in IF reconfigs = {} THEN {i}
                          ELSE MayBeDesignated(i, proposals[Maximum(reconfigs)]) :
        /\ outstandingProposals' = [outstandingProposals EXCEPT ![i] =
               [k \in 1..(Len(proposals) - n) |-> WithoutFormer(proposals, n, n + k)]]
        /\ lastCommitted' = IF n = 0 THEN lastCommitted
                            ELSE [lastCommitted EXCEPT ![i] = txns[n].zxid]
        /\ committed' = committed \o txns
        /\ msgs' = LeaderWrites(i, {j \in Server : IsForwarding(i, j)},
                       LAMBDA j : [k \in 1..n |->
                           IF k \in reconfigs THEN CommitAndActivate(txns[k].zxid, designated)
                           ELSE Packet(COMMIT, txns[k].zxid)],
                       from)
        /\ IF reconfigs = {}
           THEN UNCHANGED <<quorumVerifier, lastSeenQuorumVerifier, configurations>>
           ELSE LET proposal == proposals[Maximum(reconfigs)]
                IN  /\ Activate(i, ConfigOf(proposal.txn))
                    /\ configurations' = Committed(ConfigOf(proposal.txn), proposal.verifiers)
        /\ UNCHANGED <<newLeaderQuorumVerifier, fileConfigVars>>

(***************************************************************************)
(* Follower i reads COMMITANDACTIVATE: it delivers the reconfiguration and *)
(* activates it.  If another server is to lead, i leaves; the designated   *)
(* leader takes over without an election, which ZabTurnToLeading and       *)
(* ZabTurnToFollowing allow.  Follower.processPacket,                      *)
(* QuorumPeer.updateVote, updateServerState.                               *)
(***************************************************************************)
FollowerProcessCOMMITANDACTIVATE(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = UPTODATE
    /\ Pending(j, i, COMMITANDACTIVATE)
    /\ PendingTxns(i) # << >>
    /\ PendingTxns(i)[1].zxid = msgs[j][i][1].mzxid
    /\ LET c == ConfigOf(PendingTxns(i)[1])
       IN  /\ Activate(i, c)
           /\ IF Newer(c, quorumVerifier[i]) /\ msgs[j][i][1].mleader # j
              THEN LeaveRole(i)
              ELSE /\ msgs' = Discard(i, j)
                   /\ UNCHANGED <<state, zabState, newEpoch, leaderVars, followerVars>>
    /\ lastCommitted' = [lastCommitted EXCEPT ![i] = msgs[j][i][1].mzxid]
    /\ UNCHANGED <<durableVars, status, queuedRequests, ghostVars, newLeaderQuorumVerifier,
                   fileConfigVars, configurations>>

(***************************************************************************)
(* The same between the ACK of NEWLEADER and UPTODATE: activated at once,  *)
(* delivered with UPTODATE.  Learner.syncWithLeader.                       *)
(***************************************************************************)
FollowerProcessCOMMITANDACTIVATEInSync(i, j) ==
    /\ state[i] = FOLLOWING
    /\ leader[i] = j
    /\ learnerStage[i] = ACKLD
    /\ Pending(j, i, COMMITANDACTIVATE)
    /\ \E k \in DOMAIN packetsNotLogged[i] :
           /\ packetsNotLogged[i][k].zxid = msgs[j][i][1].mzxid
           /\ LET c == ConfigOf(packetsNotLogged[i][k])
              IN  /\ Activate(i, c)
                  /\ IF Newer(c, quorumVerifier[i]) /\ msgs[j][i][1].mleader # j
                     THEN /\ LeaveRole(i)
                          /\ newLeaderQuorumVerifier' =
                                 [newLeaderQuorumVerifier EXCEPT ![i] = NoConfig]
                     ELSE /\ packetsCommitted' =
                                 [packetsCommitted EXCEPT ![i] = Append(@, msgs[j][i][1].mzxid)]
                          /\ msgs' = Discard(i, j)
                          /\ UNCHANGED <<state, zabState, newEpoch, leaderVars, leader,
                                         learnerStage, syncMode, packetsNotLogged, database,
                                         newLeaderQuorumVerifier>>
    /\ UNCHANGED <<durableVars, status, queuedRequests, lastCommitted, ghostVars,
                   fileConfigVars, configurations>>

-----------------------------------------------------------------------------
(* The files.                                                              *)

(***************************************************************************)
(* Durable step of server i: what it has seen last is in the file .next,   *)
(* or there is no such file because nothing is pending.  What is committed *)
(* is written first, so that the files never skip a configuration.         *)
(***************************************************************************)
MayPersistLastSeen(i) == dynamicConfig[i] = quorumVerifier[i]

PersistLastSeenQuorumVerifier(i) ==
    /\ status[i] = ONLINE
    /\ ~LastSeenIsDurable(i)
    /\ MayPersistLastSeen(i)
    /\ nextDynamicConfig' = [nextDynamicConfig EXCEPT ![i] =
           IF Newer(lastSeenQuorumVerifier[i], dynamicConfig[i])
           THEN lastSeenQuorumVerifier[i] ELSE NoConfig]
    /\ UNCHANGED <<vars, memoryConfigVars, dynamicConfig, configurations>>

(***************************************************************************)
(* Durable step of server i: the committed configuration that it knows is  *)
(* in its file.  A .next that is not later goes.  No ACK waits for this    *)
(* step: until then the pair of files says that the change is pending.     *)
(***************************************************************************)
PersistQuorumVerifier(i) ==
    /\ status[i] = ONLINE
    /\ dynamicConfig[i] # quorumVerifier[i]
    /\ dynamicConfig' = [dynamicConfig EXCEPT ![i] = quorumVerifier[i]]
    /\ nextDynamicConfig' = [nextDynamicConfig EXCEPT ![i] =
           IF Newer(@, quorumVerifier[i]) THEN @ ELSE NoConfig]
    /\ UNCHANGED <<vars, memoryConfigVars, configurations>>

-----------------------------------------------------------------------------
(* What goes wrong.                                                        *)

(***************************************************************************)
(* Follower i gives its leader up.  The configuration that NEWLEADER has   *)
(* named is forgotten; what was seen stays, and so do the files.           *)
(***************************************************************************)
FollowerShutdownWithConfig(i) ==
    /\ FollowerShutdown(i)
    /\ newLeaderQuorumVerifier' = [newLeaderQuorumVerifier EXCEPT ![i] = NoConfig]
    /\ UNCHANGED <<quorumVerifier, lastSeenQuorumVerifier, fileConfigVars, configurations>>

(***************************************************************************)
(* Server i crashes.  It will start with the configurations in its files:  *)
(* with the old one, with the old and the pending one, or with the new.    *)
(***************************************************************************)
NodeCrashWithConfig(i) ==
    /\ NodeCrash(i)
    /\ quorumVerifier' = [quorumVerifier EXCEPT ![i] = dynamicConfig[i]]
    /\ lastSeenQuorumVerifier' = [lastSeenQuorumVerifier EXCEPT ![i] = LastSeenInFiles(i)]
    /\ newLeaderQuorumVerifier' = [newLeaderQuorumVerifier EXCEPT ![i] = NoConfig]
    /\ UNCHANGED <<fileConfigVars, configurations>>

-----------------------------------------------------------------------------
ConfigElections ==
    \/ \E i, j \in Server : ReceiveNotificationWithConfig(i, j)
    \/ \E i \in Server : MemberTurnToLeading(i)
    \/ \E i, j \in Server : ZabTurnToFollowing(i, j) /\ UNCHANGED configVars

ConfigDiscovery ==
    \/ \E i, j \in Server : ConnectAndFollowerSendFOLLOWERINFO(i, j) /\ UNCHANGED configVars
    \/ \E i, j \in Server : LeaderProcessFOLLOWERINFOWithVersion(i, j)
    \/ \E i \in Server : LeaderPersistAcceptedEpochAndRelabel(i)
    \/ \E i, j \in Server : FollowerProcessLEADERINFO(i, j) /\ UNCHANGED configVars
    \/ \E i \in Server : FollowerPersistAcceptedEpoch(i) /\ UNCHANGED configVars
    \/ \E i, j \in Server : LeaderProcessACKEPOCH(i, j) /\ UNCHANGED configVars

ConfigSynchronization ==
    \/ SyncStarts /\ UNCHANGED configVars
    \/ \E i \in Server : LeaderPersistCurrentEpochAfterConfig(i)
    \/ \E i, j \in Server : FollowerProcessSyncMessage(i, j) /\ UNCHANGED configVars
    \/ \E i, j \in Server : FollowerProcessPROPOSALInSyncWithConfig(i, j)
    \/ \E i, j \in Server : FollowerProcessCOMMITInSync(i, j) /\ UNCHANGED configVars
    \/ \E i, j \in Server : FollowerProcessNEWLEADERWithConfig(i, j)
    \/ \E i \in Server : FollowerTakeSnapshotAfterConfig(i)
    \/ \E i \in Server : FollowerPersistCurrentEpochAfterConfig(i)
    \/ \E i, j \in Server : LeaderProcessACKLD(i, j) /\ UNCHANGED configVars
    \/ \E i \in Server : LeaderStartServingAndActivate(i)
    \/ \E i, j \in Server : FollowerProcessUPTODATEAndActivate(i, j)
    \/ \E i, j \in Server : FollowerProcessCOMMITANDACTIVATEInSync(i, j)

ConfigRequests ==
    \/ \E i \in Server : \E v \in Value \ Reconfigurations :
           LeaderProcessRequest(i, v) /\ UNCHANGED configVars
    \/ \E i \in Server : \E members \in Reconfigurations : LeaderProcessReconfig(i, members)

ConfigBroadcast ==
    \/ \E i, j \in Server : FollowerProcessPROPOSALWithConfig(i, j)
    \/ \E i \in Server : \E n \in 1..Len(queuedRequests[i]) : FollowerLogFlushedAfterConfig(i, n)
    \/ \E i \in Server : \E n \in 1..Len(queuedRequests[i]) : LeaderLogFlushedAfterConfig(i, n)
    \/ \E i \in Server : \E n \in 1..Len(queuedRequests[i]) : ShutdownLogFlushedAfterConfig(i, n)
    \/ \E i, j \in Server : LeaderProcessACK(i, j)
    \/ \E i, j \in Server : FollowerProcessCOMMIT(i, j) /\ UNCHANGED configVars
    \/ \E i, j \in Server : FollowerProcessCOMMITANDACTIVATE(i, j)

ConfigFiles ==
    \/ \E i \in Server : PersistLastSeenQuorumVerifier(i)
    \/ \E i \in Server : PersistQuorumVerifier(i)

ConfigFaults ==
    \/ \E i \in Server : FollowerShutdownWithConfig(i)
    \/ \E i \in Server : LeaderShutdown(i) /\ UNCHANGED configVars
    \/ BrokenConnections /\ UNCHANGED configVars
    \/ \E i \in Server : NodeCrashWithConfig(i)
    \/ Restarts /\ UNCHANGED configVars

ReconfigNext ==
    \/ ConfigElections \/ ConfigDiscovery \/ ConfigSynchronization \/ ConfigRequests
    \/ ConfigBroadcast \/ ConfigFiles \/ ConfigFaults

ReconfigSpec == ReconfigInit /\ [][ReconfigNext]_reconfigVars

-----------------------------------------------------------------------------
(* Properties.  Those of Zab hold too, its nine published ones and most of *)
(* its own; IsQuorum in them is of the latest configuration.               *)

(* At most one leader has ever served in an epoch, in whatever             *)
(* configuration.                                                          *)
EstablishedOnce ==
    \A a, b \in epochLeader : a.served /\ b.served /\ a.epoch = b.epoch => a = b

(***************************************************************************)
(* What was committed in an earlier epoch, in whatever configuration, is   *)
(* in the initial history of every epoch that was established.             *)
(***************************************************************************)
CommittedInInitialHistory ==
    \A r \in epochLeader : r.served =>
        \A k \in DOMAIN committed :
            committed[k].zxid[1] < r.epoch =>
                k <= Len(r.history) /\ r.history[k] = committed[k]

(***************************************************************************)
(* A reconfiguration ends in the old or in the new configuration: what a   *)
(* server takes as active is a committed configuration, in memory and in   *)
(* its file, and what it has seen last is one too or has been proposed.    *)
(***************************************************************************)
CommittedConfigs == {configurations[k].config : k \in DOMAIN configurations}

ProposedConfigs ==
    {ConfigOf(p.txn) : p \in {p \in proposalMsgsLog : IsReconfig(p.txn)}}
    \cup {[version |-> <<e, 0>>, members |-> InitialMembers] :
             e \in 0..Maximum({acceptedEpoch[i] : i \in Server})}

ActiveIsCommitted ==
    \A i \in Server : {quorumVerifier[i], dynamicConfig[i]} \subseteq CommittedConfigs

LastSeenIsProposed ==
    \A i \in Server : {lastSeenQuorumVerifier[i], LastSeenInFiles(i)}
                          \subseteq CommittedConfigs \cup ProposedConfigs

(* A reconfiguration that is committed as a transaction is committed as a  *)
(* configuration.                                                          *)
ReconfigsAreActivated ==
    \A k \in DOMAIN committed :
        IsReconfig(committed[k]) => ConfigOf(committed[k]) \in CommittedConfigs

(***************************************************************************)
(* Each configuration is committed by quorums of the one ahead of it and   *)
(* of itself, and by no others.                                            *)
(***************************************************************************)
ReconfigsAreJoint ==
    \A k \in 2..Len(configurations) :
        configurations[k].by = {configurations[k - 1].config, configurations[k].config}

(***************************************************************************)
(* Two disjoint quorums do not decide at once: of two leaders that serve,  *)
(* only one is followed by quorums of all configurations that it needs.    *)
(***************************************************************************)
Supporters(i) ==
    {i} \cup {j \in Server : /\ leader[j] = i
                             /\ learnerStage[j] \in {ACKLD, UPTODATE}
                             /\ Alive(j, i)
                             /\ newEpoch[j] = newEpoch[i]}

Decides(i) ==
    /\ state[i] = LEADING
    /\ zabState[i] = BROADCAST
    /\ i \in Voters(quorumVerifier[i])
    /\ \A c \in Verifiers(i) : IsQuorumOfConfig(c, Supporters(i))

NoTwoQuorumsDecide == \A i, j \in Server : Decides(i) /\ Decides(j) => i = j

(* The last configuration seen is never older than the committed one.      *)
LastSeenIsLatest ==
    \A i \in Server : /\ ~Newer(quorumVerifier[i], lastSeenQuorumVerifier[i])
                      /\ nextDynamicConfig[i] # NoConfig =>
                             Newer(nextDynamicConfig[i], dynamicConfig[i])

(***************************************************************************)
(* Whoever has a reconfiguration in its log knows it from its files, too.  *)
(***************************************************************************)
LogIsInFiles ==
    \A i \in Server : \A k \in DOMAIN history[i] :
        IsReconfig(history[i][k]) => ~Newer(ConfigOf(history[i][k]), LastSeenInFiles(i))

(***************************************************************************)
(* The designated leader is a member of the new configuration and has the  *)
(* reconfiguration, so all that is committed, in its log.                  *)
(***************************************************************************)
DesignatedLeaderIsUpToDate ==
    \A i, j \in Server :
        Pending(j, i, COMMITANDACTIVATE) =>
            LET m == msgs[j][i][1]
            IN  /\ HasZxid(history[m.mleader], m.mzxid) \/ m.mleader = j
                /\ \A c \in CommittedConfigs :
                       c.version = m.mzxid => m.mleader \in Voters(c)

(* COMMITANDACTIVATE names the next transaction that its receiver has      *)
(* logged, and that is a reconfiguration.                                  *)
ActivationsMatch ==
    \A i, j \in Server :
        Pending(j, i, COMMITANDACTIVATE) /\ learnerStage[i] = UPTODATE =>
            /\ PendingTxns(i) # << >>
            /\ PendingTxns(i)[1].zxid = msgs[j][i][1].mzxid
            /\ IsReconfig(PendingTxns(i)[1])

(* A leader that its active configuration does not have commits nothing.   *)
RemovedLeaderCommitsNothing ==
    [][\A i \in Server :
           state[i] = LEADING /\ state'[i] = LEADING /\ i \notin Voters(quorumVerifier[i])
               => lastCommitted'[i] = lastCommitted[i]]_reconfigVars

(* The committed configuration never goes back, neither in the file, nor   *)
(* in memory without a crash.                                              *)
ConfigsGrow ==
    [][\A i \in Server :
           /\ ~Newer(dynamicConfig[i], dynamicConfig'[i])
           /\ status'[i] = ONLINE => ~Newer(quorumVerifier[i], quorumVerifier'[i])]_reconfigVars

(* What is committed is in its file before what is proposed after it.      *)
CommittedIsWrittenFirst ==
    [][\A i \in Server :
           nextDynamicConfig'[i] \notin {nextDynamicConfig[i], NoConfig}
               => dynamicConfig[i] = quorumVerifier[i]]_reconfigVars

(* A notification tells of a configuration only who looks for a leader:    *)
(* who has one hears of it from that.                                      *)
NotificationsAreForTheLooking ==
    [][\A i \in Server :
           vars' = vars /\ quorumVerifier'[i] # quorumVerifier[i]
               => state[i] = LOOKING]_reconfigVars

=============================================================================
