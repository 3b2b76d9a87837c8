----------------------------- MODULE MCReconfig -----------------------------
(***************************************************************************)
(* Reconfig.tla within bounds, as MCZab has them for Zab.tla.  A run       *)
(* begins with an ensemble that has never run, or with one that serves in  *)
(* epoch 1 and to which every server is connected, members or not.         *)
(***************************************************************************)
EXTENDS Reconfig, TLC

CONSTANTS
    Old,            \* the members that everybody starts with
    New,            \* the sets of members that may be asked for
    FirstLeaders,   \* who leads epoch 1, if a run begins with it
    Leaders,        \* who may become leader
    MaxElections,   \* how often a server may become leader
    MaxReconfigs,   \* how many reconfigurations may be proposed
    MaxRequests,    \* how many other transactions
    MaxCrashes,
    MaxShutdowns,   \* of followers and leaders, without a crash
    MaxBroken,      \* connections that break at the leader's end
    Oracle,         \* TRUE: only the best server becomes leader, and alone
    Prompt,         \* TRUE: files of configurations are written at once, before anything else
    Modes           \* how followers may be synchronized

VARIABLE used       \* how much of each bound is used up

MCInitialMembers == QV!MajorityConfig(Old)
MCReconfigurations == {QV!MajorityConfig(S) : S \in New}
MCValue == Server \cup MCReconfigurations
MCQuorum == QV!Majorities(Old)

None == [elections |-> 0, reconfigs |-> 0, requests |-> 0, crashes |-> 0, shutdowns |-> 0,
         broken |-> 0]

Left(what, most) == used[what] < most
Using(what) == [used EXCEPT ![what] = @ + 1]

(* Server i has the most recent state of quorums of the configurations     *)
(* that it knows, of servers that are up, and nobody leads.                *)
Best(i) ==
    /\ \A j \in Server : state[j] # LEADING
    /\ \E P \in SUBSET Server :
           /\ i \in P
           /\ \A c \in Verifiers(i) : IsQuorumOfConfig(c, P)
           /\ \A j \in P :
                  /\ status[j] = ONLINE
                  /\ ~IsMoreRecentThan(currentEpoch[j], LastZxid(Log(j)),
                                       currentEpoch[i], LastZxid(Log(i)))

(* A server whose connection is gone, or whose leader is, and a leader     *)
(* without a quorum of followers, leaves sooner or later: no fault.        *)
Lost(i) ==
    /\ state[i] = FOLLOWING
    /\ IF learnerStage[i] = NONE THEN state[leader[i]] # LEADING ELSE ~Alive(i, leader[i])

Abandoned(i) == state[i] = LEADING /\ zabState[i] = BROADCAST /\ ~Decides(i)

(* As an action constraint: what is to be written is written first.        *)
Written ==
    \A i \in Server : status[i] = ONLINE =>
        LastSeenIsDurable(i) /\ dynamicConfig[i] = quorumVerifier[i]

WritesFirst == Prompt /\ ~Written => fileConfigVars' # fileConfigVars

MCNext ==
    \/ \E i \in Server : PersistLastSeenQuorumVerifier(i) /\ UNCHANGED used
    \/ \E i \in Server : PersistQuorumVerifier(i) /\ UNCHANGED used
    \/ \E i, j \in Server : ReceiveNotificationWithConfig(i, j) /\ UNCHANGED used
    \/ \E i \in Leaders :
           /\ Oracle => Best(i)
           /\ Left("elections", MaxElections)
           /\ MemberTurnToLeading(i)
           /\ used' = Using("elections")
    \/ \E i, j \in Server :
           state[j] = LEADING /\ ZabTurnToFollowing(i, j) /\ UNCHANGED <<configVars, used>>
    \/ \E i, j \in Server :
           ConnectAndFollowerSendFOLLOWERINFO(i, j) /\ UNCHANGED <<configVars, used>>
    \/ \E i, j \in Server : LeaderProcessFOLLOWERINFOWithVersion(i, j) /\ UNCHANGED used
    \/ \E i \in Server : LeaderPersistAcceptedEpochAndRelabel(i) /\ UNCHANGED used
    \/ \E i, j \in Server : FollowerProcessLEADERINFO(i, j) /\ UNCHANGED <<configVars, used>>
    \/ \E i \in Server : FollowerPersistAcceptedEpoch(i) /\ UNCHANGED <<configVars, used>>
    \/ \E i, j \in Server : LeaderProcessACKEPOCH(i, j) /\ UNCHANGED <<configVars, used>>
    \/ \E i \in Server : LeaderPersistCurrentEpochAfterConfig(i) /\ UNCHANGED used
    \/ \E i, j \in Server : \E mode \in Modes :
           LeaderSyncFollower(i, j, mode) /\ UNCHANGED <<configVars, used>>
    \/ \E i, j \in Server : FollowerProcessSyncMessage(i, j) /\ UNCHANGED <<configVars, used>>
    \/ \E i, j \in Server : FollowerProcessPROPOSALInSyncWithConfig(i, j) /\ UNCHANGED used
    \/ \E i, j \in Server : FollowerProcessCOMMITInSync(i, j) /\ UNCHANGED <<configVars, used>>
    \/ \E i, j \in Server : FollowerProcessNEWLEADERWithConfig(i, j) /\ UNCHANGED used
    \/ \E i \in Server : FollowerTakeSnapshotAfterConfig(i) /\ UNCHANGED used
    \/ \E i \in Server : FollowerPersistCurrentEpochAfterConfig(i) /\ UNCHANGED used
    \/ \E i, j \in Server : LeaderProcessACKLD(i, j) /\ UNCHANGED <<configVars, used>>
    \/ \E i \in Server : LeaderStartServingAndActivate(i) /\ UNCHANGED used
    \/ \E i, j \in Server : FollowerProcessUPTODATEAndActivate(i, j) /\ UNCHANGED used
    \/ \E i, j \in Server : FollowerProcessCOMMITANDACTIVATEInSync(i, j) /\ UNCHANGED used
    \/ \E i \in Server :
           /\ Left("requests", MaxRequests)
           /\ LeaderProcessRequest(i, i)
           /\ UNCHANGED configVars
           /\ used' = Using("requests")
    \/ \E i \in Server : \E members \in Reconfigurations :
           /\ Left("reconfigs", MaxReconfigs)
           /\ members # quorumVerifier[i].members
           /\ LeaderProcessReconfig(i, members)
           /\ used' = Using("reconfigs")
    \/ \E i, j \in Server : FollowerProcessPROPOSALWithConfig(i, j) /\ UNCHANGED used
    \/ \E i \in Server : \E n \in 1..Len(queuedRequests[i]) :
           FollowerLogFlushedAfterConfig(i, n) /\ UNCHANGED used
    \/ \E i \in Server : \E n \in 1..Len(queuedRequests[i]) :
           LeaderLogFlushedAfterConfig(i, n) /\ UNCHANGED used
    \/ \E i \in Server : \E n \in 1..Len(queuedRequests[i]) :
           ShutdownLogFlushedAfterConfig(i, n) /\ UNCHANGED used
    \/ \E i, j \in Server : LeaderProcessACK(i, j) /\ UNCHANGED used
    \/ \E i, j \in Server : FollowerProcessCOMMIT(i, j) /\ UNCHANGED <<configVars, used>>
    \/ \E i, j \in Server : FollowerProcessCOMMITANDACTIVATE(i, j) /\ UNCHANGED used
    \/ \E i \in Server :
           /\ Lost(i)
           /\ FollowerShutdownWithConfig(i)
           /\ UNCHANGED used
    \/ \E i \in Server :
           /\ ~Lost(i)
           /\ Left("shutdowns", MaxShutdowns)
           /\ FollowerShutdownWithConfig(i)
           /\ used' = Using("shutdowns")
    \/ \E i \in Server :
           /\ Abandoned(i)
           /\ LeaderShutdown(i)
           /\ UNCHANGED <<configVars, used>>
    \/ \E i \in Server :
           /\ ~Abandoned(i)
           /\ Left("shutdowns", MaxShutdowns)
           /\ LeaderShutdown(i)
           /\ UNCHANGED configVars
           /\ used' = Using("shutdowns")
    \/ \E i, j \in Server :
           /\ Left("broken", MaxBroken)
           /\ LeaderRemoveLearner(i, j)
           /\ UNCHANGED configVars
           /\ used' = Using("broken")
    \/ \E i \in Server :
           /\ Left("crashes", MaxCrashes)
           /\ NodeCrashWithConfig(i)
           /\ used' = Using("crashes")
    \/ \E i \in Server : NodeStart(i) /\ UNCHANGED <<configVars, used>>

MCInit == ReconfigInit /\ used = None

(***************************************************************************)
(* An ensemble that serves: epoch 1 is established with nothing in its     *)
(* history, the configuration has its version, everybody follows.          *)
(***************************************************************************)
Labelled == [version |-> <<1, 0>>, members |-> InitialMembers]

ServingInit ==
    /\ \E leads \in FirstLeaders :
           /\ state = [i \in Server |-> IF i = leads THEN LEADING ELSE FOLLOWING]
           /\ handler = [i \in Server |-> [j \in Server |->
                            IF i = leads /\ j # leads THEN UPTODATE ELSE NONE]]
           /\ cepochRecv = [i \in Server |-> IF i = leads THEN Server ELSE {}]
           /\ ackeRecv = [i \in Server |-> IF i = leads THEN Server ELSE {}]
           /\ ackldRecv = [i \in Server |-> IF i = leads THEN Server ELSE {}]
           /\ leader = [i \in Server |-> IF i = leads THEN NullPoint ELSE leads]
           /\ learnerStage = [i \in Server |-> IF i = leads THEN NONE ELSE UPTODATE]
           /\ epochLeader = {[epoch |-> 1, leader |-> leads, history |-> << >>, served |-> TRUE]}
    /\ acceptedEpoch = [i \in Server |-> 1]
    /\ currentEpoch = [i \in Server |-> 1]
    /\ newEpoch = [i \in Server |-> 1]
    /\ zabState = [i \in Server |-> BROADCAST]
    /\ status = [i \in Server |-> ONLINE]
    /\ history = [i \in Server |-> << >>]
    /\ queuedRequests = [i \in Server |-> << >>]
    /\ lastCommitted = [i \in Server |-> ZeroZxid]
    /\ peerLastZxid = [i \in Server |-> [j \in Server |-> ZeroZxid]]
    /\ outstandingProposals = [i \in Server |-> << >>]
    /\ syncMode = [i \in Server |-> NONE]
    /\ packetsNotLogged = [i \in Server |-> << >>]
    /\ packetsCommitted = [i \in Server |-> << >>]
    /\ database = [i \in Server |-> << >>]
    /\ msgs = [i \in Server |-> [j \in Server |-> << >>]]
    /\ proposalMsgsLog = {}
    /\ committed = << >>
    /\ quorumVerifier = [i \in Server |-> Labelled]
    /\ lastSeenQuorumVerifier = [i \in Server |-> Labelled]
    /\ newLeaderQuorumVerifier = [i \in Server |-> NoConfig]
    /\ dynamicConfig = [i \in Server |-> Labelled]
    /\ nextDynamicConfig = [i \in Server |-> NoConfig]
    /\ configurations = <<[config |-> InitialConfig, by |-> {}],
                          [config |-> Labelled, by |-> {InitialConfig, Labelled}]>>
    /\ used = None

(***************************************************************************)
(* MCNext names the actions anew, to count and to bound them.  Each of its *)
(* steps is a step of Reconfig.                                            *)
(***************************************************************************)
TakesStepsOfReconfig == [][ReconfigNext]_reconfigVars

MCSpec == MCInit /\ [][MCNext]_<<reconfigVars, used>>
ServingSpec == ServingInit /\ [][MCNext]_<<reconfigVars, used>>
=============================================================================
