----------------------------- MODULE ZNodeWatch -----------------------------
(***************************************************************************)
(* Watches of one server: who wants to be told when a node changes. There  *)
(* are two tables, sets of [path, watcher, mode]. The data table is asked  *)
(* when a node is created, deleted or gets new data; the child table when  *)
(* its children change or it is deleted itself.                            *)
(*                                                                         *)
(*   mode                  tables               when it fires              *)
(*   STANDARD              where it was set     it is gone                 *)
(*   PERSISTENT            both                 it stays                   *)
(*   PERSISTENT_RECURSIVE  data                 it stays, and fires for    *)
(*                                              all descendants            *)
(*                                                                         *)
(* Modes of one watcher on one path add up (since 3.9). Source:            *)
(* WatchManager, DataTree.addWatch, containsWatcher, removeWatch,          *)
(* setWatches.                                                             *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, ZNodeReads

NoWatches == [data |-> {}, child |-> {}]

Watch(path, watcher, mode) == [path |-> path, watcher |-> watcher, mode |-> mode]

Concerned(table, path) ==
  {watch.watcher : watch \in
     {one \in table :
        \/ one.path = path
        \/ one.mode = "PERSISTENT_RECURSIVE" /\ IsStrictPrefix(one.path, path)}}

Spent(table, path) == {one \in table : one.path = path /\ one.mode = "STANDARD"}

(***************************************************************************)
(* One event: who is to be told, each watcher once, and the tables         *)
(* afterwards. All who are told get its type and path.                     *)
(***************************************************************************)
Trigger(watches, event) ==
  LET told ==
        (IF event.type = "NodeChildrenChanged" THEN {} ELSE Concerned(watches.data, event.path))
        \cup
        (IF event.type \in {"NodeChildrenChanged", "NodeDeleted"}
         THEN Concerned(watches.child, event.path) ELSE {})
  IN  [told |-> told,
       watches |->
         [data |-> IF event.type = "NodeChildrenChanged" THEN watches.data
                   ELSE watches.data \ Spent(watches.data, event.path),
          child |-> IF event.type \in {"NodeChildrenChanged", "NodeDeleted"}
                    THEN watches.child \ Spent(watches.child, event.path)
                    ELSE watches.child]]

(***************************************************************************)
(* All events of a transaction, in order: deliveries [event, told], and    *)
(* the tables afterwards.                                                  *)
(***************************************************************************)
RECURSIVE TriggerAll(_, _)
TriggerAll(watches, events) ==
  IF events = <<>> THEN [watches |-> watches, deliveries |-> <<>>]
  ELSE LET first == Trigger(watches, Head(events))
           others == TriggerAll(first.watches, Tail(events))
       IN  [watches |-> others.watches,
            deliveries |-> <<[event |-> Head(events), told |-> first.told]>> \o others.deliveries]

WithoutWatcher(watches, watcher) ==
  [data |-> {one \in watches.data : one.watcher # watcher},
   child |-> {one \in watches.child : one.watcher # watcher}]

-----------------------------------------------------------------------------
(***************************************************************************)
(* addWatch, checkWatches, removeWatches. The types of the latter two say  *)
(* which modes in which table they mean; Any means all.                    *)
(***************************************************************************)
AddWatchModes == {"PERSISTENT", "PERSISTENT_RECURSIVE"}
WatcherTypes == {"Children", "Data", "Any", "Persistent", "PersistentRecursive"}

DataModes(type) ==
  CASE type = "Data" -> {"STANDARD"}
    [] type = "Persistent" -> {"PERSISTENT"}
    [] type = "PersistentRecursive" -> {"PERSISTENT_RECURSIVE"}
    [] type = "Any" -> {"STANDARD", "PERSISTENT", "PERSISTENT_RECURSIVE"}
    [] OTHER -> {}

ChildModes(type) ==
  CASE type = "Children" -> {"STANDARD"}
    [] type = "Persistent" -> {"PERSISTENT"}
    [] type = "Any" -> {"STANDARD", "PERSISTENT", "PERSISTENT_RECURSIVE"}
    [] OTHER -> {}

Meant(watches, path, watcher, type) ==
  [data |-> {one \in watches.data :
               one.path = path /\ one.watcher = watcher /\ one.mode \in DataModes(type)},
   child |-> {one \in watches.child :
               one.path = path /\ one.watcher = watcher /\ one.mode \in ChildModes(type)}]

WithPersistent(watches, path, watcher, mode) ==
  [data |-> watches.data \cup {Watch(path, watcher, mode)},
   child |-> watches.child \cup
               (IF mode = "PERSISTENT" THEN {Watch(path, watcher, mode)} ELSE {})]

AddWatchOutcome(watches, path, watcher, mode) ==
  IF mode \notin AddWatchModes THEN [err |-> "MarshallingError", watches |-> watches]
  ELSE [err |-> "Ok", watches |-> WithPersistent(watches, path, watcher, mode)]

CheckWatchesError(watches, path, watcher, type) ==
  IF type \notin WatcherTypes THEN "MarshallingError"
  ELSE IF Meant(watches, path, watcher, type) = NoWatches THEN "NoWatcher"
  ELSE "Ok"

RemoveWatchesOutcome(watches, path, watcher, type) ==
  LET meant == Meant(watches, path, watcher, type)
  IN  [err |-> CheckWatchesError(watches, path, watcher, type),
       watches |-> [data |-> watches.data \ meant.data, child |-> watches.child \ meant.child]]

(***************************************************************************)
(* Reads with watch = TRUE. exists leaves a watch also where there is no   *)
(* node; the others only on success.                                       *)
(***************************************************************************)
WithData(watches, path, watcher) ==
  [watches EXCEPT !.data = @ \cup {Watch(path, watcher, "STANDARD")}]

WithChild(watches, path, watcher) ==
  [watches EXCEPT !.child = @ \cup {Watch(path, watcher, "STANDARD")}]

(***************************************************************************)
(* setWatches and setWatches2: a client that was away names the watches    *)
(* that it had, and the zxid up to which it has seen everything. A         *)
(* standard watch that missed its change fires now, whatever the ACL says; *)
(* the others are set again. What persistent ones missed is not told.      *)
(* request has the fields of SetWatches2, lists of paths.                  *)
(***************************************************************************)
DataMissed(tree, path, seen) ==
  IF ~HasNode(tree, path) THEN "NodeDeleted"
  ELSE IF tree.nodes[path].mzxid > seen THEN "NodeDataChanged" ELSE "None"

ExistMissed(tree, path, seen) == IF HasNode(tree, path) THEN "NodeCreated" ELSE "None"

ChildMissed(tree, path, seen) ==
  IF ~HasNode(tree, path) THEN "NodeDeleted"
  ELSE IF tree.nodes[path].pzxid > seen THEN "NodeChildrenChanged" ELSE "None"

Missed(paths, EventFor(_)) ==
  LET all == [i \in 1..Len(paths) |-> [type |-> EventFor(paths[i]), path |-> paths[i]]]
      Happened(event) == event.type # "None"
  IN  SelectSeq(all, Happened)

Watches(paths, watcher, mode) == {Watch(path, watcher, mode) : path \in ElementsOf(paths)}

SetWatchesOutcome(tree, watches, watcher, request) ==
  LET seen == request.relativeZxid
      Data(path) == DataMissed(tree, Located(path), seen)
      Exist(path) == ExistMissed(tree, Located(path), seen)
      Child(path) == ChildMissed(tree, Located(path), seen)
      Quiet(paths, EventFor(_)) == {path \in ElementsOf(paths) : EventFor(path) = "None"}
  IN  [events |-> Missed(request.dataWatches, Data)
                  \o Missed(request.existWatches, Exist)
                  \o Missed(request.childWatches, Child),
       watches |->
         [data |->
            watches.data
            \cup {Watch(path, watcher, "STANDARD") :
                    path \in Quiet(request.dataWatches, Data)
                             \cup Quiet(request.existWatches, Exist)}
            \cup Watches(request.persistentWatches, watcher, "PERSISTENT")
            \cup Watches(request.persistentRecursiveWatches, watcher, "PERSISTENT_RECURSIVE"),
          child |->
            watches.child
            \cup {Watch(path, watcher, "STANDARD") : path \in Quiet(request.childWatches, Child)}
            \cup Watches(request.persistentWatches, watcher, "PERSISTENT")]]
=============================================================================
