----------------------------- MODULE ZNodeQuota -----------------------------
(***************************************************************************)
(* Quotas: limits for a subtree, and what the subtree uses, both kept as   *)
(* text in nodes below /zookeeper/quota. For a quota on /a the node        *)
(* /zookeeper/quota/a/zookeeper_limits holds the limits and                *)
(* .../zookeeper_stats the usage: how many nodes (/a counts) and how many  *)
(* bytes of data. Usage is an account that each server keeps for itself;   *)
(* no Stat changes when it does. The nearest quota towards the root is the *)
(* one that counts, and the root itself has none.                          *)
(*                                                                         *)
(* StatsTrack[data] is a record [count, bytes, countHardLimit,             *)
(* byteHardLimit, rest]; a number that the text does not give is -1. rest  *)
(* is how StatsTrack writes all but count and bytes back.                  *)
(*                                                                         *)
(* Left out: nodes beside /zookeeper/quota whose name begins with quota.   *)
(* ZooKeeper takes a zookeeper_stats below such a one for an account of    *)
(* nothing.                                                                *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, ZNodeAcl

LimitsName == "zookeeper_limits"
StatsName == "zookeeper_stats"
LimitsPath(path) == QuotaPath \o path \o <<LimitsName>>
StatsPath(path) == QuotaPath \o path \o <<StatsName>>

IsReadable(data) == data # Null /\ data \in DOMAIN StatsTrack

UsageText(count, bytes, rest) ==
  "count=" \o Decimal(count) \o ",bytes=" \o Decimal(bytes) \o rest

HasQuota(tree, path) == path # Root /\ HasNode(tree, LimitsPath(path))

\* The path with a quota that is nearest: path itself, its parent and so on. Root if there is none.
RECURSIVE NearestQuota(_, _)
NearestQuota(tree, path) ==
  IF path = Root \/ HasQuota(tree, path) THEN path
  ELSE NearestQuota(tree, SubSeq(path, 1, Len(path) - 1))

(***************************************************************************)
(* Which limits of the subtree at path a change would cross: a set of      *)
(* [what, isHard]. A hard limit takes the place of the soft one. A figure  *)
(* that does not change is not looked at (ZooKeeperServer.checkQuota).     *)
(* CanTell is whether the texts that are needed for it can be read.        *)
(***************************************************************************)
Limit(hard, soft) == IF hard > -1 THEN hard ELSE soft

CountLimit(limits) == Limit(limits.countHardLimit, limits.count)
BytesLimit(limits) == Limit(limits.byteHardLimit, limits.bytes)

IsLimited(limits, countChange, bytesChange) ==
  \/ countChange # 0 /\ CountLimit(limits) > -1
  \/ bytesChange # 0 /\ BytesLimit(limits) > -1

CanTell(tree, path, countChange, bytesChange) ==
  LET text == tree.nodes[LimitsPath(path)].data
  IN  /\ IsReadable(text)
      /\ \/ ~HasNode(tree, StatsPath(path))
         \/ ~IsLimited(StatsTrack[text], countChange, bytesChange)
         \/ IsReadable(tree.nodes[StatsPath(path)].data)

Crossed(tree, path, countChange, bytesChange) ==
  LET limits == StatsTrack[tree.nodes[LimitsPath(path)].data]
      usage == StatsTrack[tree.nodes[StatsPath(path)].data]
  IN  IF \/ ~HasNode(tree, StatsPath(path))
         \/ ~IsLimited(limits, countChange, bytesChange)
      THEN {}
      ELSE (IF /\ countChange # 0
               /\ CountLimit(limits) > -1
               /\ usage.count + countChange > CountLimit(limits)
            THEN {[what |-> "count", isHard |-> limits.countHardLimit > -1]}
            ELSE {})
           \cup
           (IF /\ bytesChange # 0
               /\ BytesLimit(limits) > -1
               /\ usage.bytes + bytesChange > BytesLimit(limits)
            THEN {[what |-> "bytes", isHard |-> limits.byteHardLimit > -1]}
            ELSE {})

(***************************************************************************)
(* What a request is told before it becomes a transaction: Ok, or that a   *)
(* hard limit is in the way. Usage is that of the applied tree: changes    *)
(* under way do not count. Without enforceQuota nobody is refused.         *)
(***************************************************************************)
QuotaError(tree, path, countChange, bytesChange) ==
  LET prefix == NearestQuota(tree, path)
  IN  IF ~Policy.enforceQuota \/ prefix = Root THEN "Ok"
      ELSE IF ~CanTell(tree, prefix, countChange, bytesChange) THEN "MarshallingError"
      ELSE IF \E excess \in Crossed(tree, prefix, countChange, bytesChange) : excess.isHard
      THEN "QuotaExceeded"
      ELSE "Ok"

-----------------------------------------------------------------------------
(***************************************************************************)
(* Set the usage of path to what is there (DataTree.updateQuotaForPath).   *)
(***************************************************************************)
RECURSIVE TotalLength(_, _)
TotalLength(tree, paths) ==
  IF paths = {} THEN 0
  ELSE LET path == CHOOSE one \in paths : TRUE
       IN  DataLength(tree.nodes[path].data) + TotalLength(tree, paths \ {path})

CountUsage(tree, path) ==
  IF ~HasNode(tree, StatsPath(path)) THEN tree
  ELSE LET paths == Subtree(tree, path)
           text == UsageText(Cardinality(paths), TotalLength(tree, paths), "")
       IN  [tree EXCEPT !.nodes[StatsPath(path)].data = text]

(***************************************************************************)
(* Keep account of a change to path that is in the tree already            *)
(* (DataTree.updateQuotaStat). Usage that cannot be read is counted        *)
(* afresh. The result is the tree and the limits that were crossed all the *)
(* same: a warning in the log. Deletions cross nothing.                    *)
(***************************************************************************)
Account(tree, path, countChange, bytesChange) ==
  LET prefix == NearestQuota(tree, path)
      stats == StatsPath(prefix)
  IN  IF prefix = Root \/ ~HasNode(tree, stats) THEN [tree |-> tree, warnings |-> {}]
      ELSE IF ~IsReadable(tree.nodes[stats].data)
      THEN [tree |-> CountUsage(tree, prefix), warnings |-> {}]
      ELSE LET usage == StatsTrack[tree.nodes[stats].data]
               text == UsageText(usage.count + countChange, usage.bytes + bytesChange, usage.rest)
           IN  [tree |-> [tree EXCEPT !.nodes[stats].data = text],
                warnings |->
                  IF countChange >= 0 /\ CanTell(tree, prefix, countChange, bytesChange)
                  THEN {[path |-> prefix, what |-> excess.what, isHard |-> excess.isHard] :
                          excess \in Crossed(tree, prefix, countChange, bytesChange)}
                  ELSE {}]

\* A node with usage that appears at path is filled in at once (DataTree.createNode).
FillIn(tree, path) ==
  IF Len(path) > 2 /\ SubSeq(path, 1, 2) = QuotaPath /\ LastName(path) = StatsName
  THEN CountUsage(tree, SubSeq(path, 3, Len(path) - 1))
  ELSE tree
=============================================================================
