----------------------------- MODULE ZNodeProbe -----------------------------
(***************************************************************************)
(* The operators of the data model, each applied to variables, so that a   *)
(* test can hand in arguments and have the value. Nothing is defined here. *)
(***************************************************************************)
EXTENDS ZNodeWatch

VARIABLES tree, request, txn, path, authInfo, sessionId, watches, event

Initial == InitialTree
Prepared == Prepare(tree, request)
AllOrders == Orders(request)
AppliedTxn == Apply(tree, txn)
Suffix == SequenceSuffix(sessionId)
Number == Decimal(sessionId)
Sum == Add32(sessionId, request)
WithoutDeadEphemerals == RemoveDeadEphemerals(tree).tree

ReadExists == ExistsAnswer(tree, path, authInfo)
ReadGetData == GetDataAnswer(tree, path, authInfo)
ReadGetChildren == GetChildrenAnswer(tree, path, authInfo)
ReadGetChildren2 == GetChildren2Answer(tree, path, authInfo)
ReadGetACL == GetACLAnswer(tree, path, authInfo)
ReadGetAllChildrenNumber == GetAllChildrenNumberAnswer(tree, path, authInfo)
ReadWhoAmI == WhoAmIAnswer(authInfo)
ReadMulti == MultiReadAnswer(tree, request, authInfo)
ReadGetEphemerals == GetEphemeralsAnswer(tree, path, sessionId)

Triggered == Trigger(watches, event)
TriggeredAll == TriggerAll(watches, event)
Added == AddWatchOutcome(watches, request.path, sessionId, request.mode)
Checked == CheckWatchesError(watches, request.path, sessionId, request.type)
Removed == RemoveWatchesOutcome(watches, request.path, sessionId, request.type)
Rewatched == SetWatchesOutcome(tree, watches, sessionId, request)
WatchingData == WithData(watches, path, sessionId)
WatchingChild == WithChild(watches, path, sessionId)
WatchingNothing == WithoutWatcher(watches, sessionId)
=============================================================================
