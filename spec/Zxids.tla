------------------------------- MODULE Zxids -------------------------------
(***************************************************************************)
(* Zxids as 64-bit numbers: the epoch in the upper 32 bits, the counter in *)
(* the lower.  The other modules take a zxid for a pair of natural         *)
(* numbers, ordered by epoch first.  Here is why that is right: the order  *)
(* of the numbers is that of the pairs, a counter never runs into the next *)
(* epoch, and no zxid is too large for Java's long.                        *)
(*                                                                         *)
(* A leader counts by adding one.  It does not give out the last counter   *)
(* of its epoch: when it would have to, it gives up leading, and the       *)
(* election that follows begins a new epoch (ZOOKEEPER-1277).  Epochs end  *)
(* too, at 2^31 for the sign of a long: nobody leads one beyond that.      *)
(* Apache's leader has no such limit and would count into negative zxids.  *)
(*                                                                         *)
(* Sources: ZxidUtils, Leader.propose, XidRolloverException,               *)
(* ZooKeeperServer.getNextZxid.                                            *)
(***************************************************************************)
EXTENDS Integers

Counters == 65536 * 65536  \* so many counters has an epoch, 2^32
Epochs   == 32768 * 65536  \* so many epochs there are, 2^31
LastCounter == Counters - 1
LongMax  == 32768 * 65536 * 65536 * 65536 - 1  \* the largest number in Java's long

Zxid(epoch, counter) == epoch * Counters + counter

VARIABLES
    \* @type: Int;
    epoch,     \* the latest epoch that was begun
    \* @type: Int;
    counter,   \* of the last transaction in it
    \* @type: Int;
    zxid,      \* the last that was given out, as a number
    \* @type: Bool;
    leading    \* somebody leads the epoch

vars == <<epoch, counter, zxid, leading>>

Init ==
    /\ epoch = 0
    /\ counter = 0
    /\ zxid = 0
    /\ leading = FALSE

(***************************************************************************)
(* A transaction.                                                          *)
(***************************************************************************)
Propose ==
    /\ leading
    /\ counter + 1 # LastCounter
    /\ zxid' = zxid + 1
    /\ counter' = counter + 1
    /\ UNCHANGED <<epoch, leading>>

(***************************************************************************)
(* The next transaction would have the last counter: nobody leads any      *)
(* more.                                                                   *)
(***************************************************************************)
RollOver ==
    /\ leading
    /\ counter + 1 = LastCounter
    /\ leading' = FALSE
    /\ UNCHANGED <<epoch, counter, zxid>>

(* For any other reason.                                                   *)
Quit ==
    /\ leading' = FALSE
    /\ UNCHANGED <<epoch, counter, zxid>>

(***************************************************************************)
(* A leader begins a later epoch, if there is one.  (That it is later, is  *)
(* CommittedInLater and EpochIsNew of ZabCore.tla.)                        *)
(***************************************************************************)
BeginEpoch(e) ==
    /\ epoch < e
    /\ e < Epochs
    /\ epoch' = e
    /\ counter' = 0
    /\ zxid' = Zxid(e, 0)
    /\ leading' = TRUE

Next ==
    \/ Propose
    \/ RollOver
    \/ Quit
    \/ \E e \in Nat : BeginEpoch(e)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* Numbers and pairs.                                                      *)

OrderIsThatOfPairs ==
    \A e, f, c, d \in Nat :
        c < Counters /\ d < Counters =>
            (Zxid(e, c) < Zxid(f, d) <=> e < f \/ (e = f /\ c < d))

THEOREM Order == OrderIsThatOfPairs

ZxidNamesOnePair ==
    \A e, f, c, d \in Nat :
        c < Counters /\ d < Counters /\ Zxid(e, c) = Zxid(f, d) => e = f /\ c = d

THEOREM Unique == ZxidNamesOnePair

ZxidsFit ==
    /\ \A e, c \in Nat : e < Epochs /\ c < Counters => Zxid(e, c) <= LongMax
    /\ Zxid(Epochs, 0) > LongMax

THEOREM Fit == ZxidsFit

-----------------------------------------------------------------------------
InRange == 0 <= epoch /\ epoch < Epochs /\ 0 <= counter /\ counter < LastCounter

NumberIsPair == zxid = Zxid(epoch, counter)

(* The epoch that an ensemble begins with has no leader.                   *)
FirstIsNotLed == epoch = 0 => ~leading

Invariant ==
    /\ InRange
    /\ NumberIsPair
    /\ FirstIsNotLed

THEOREM Induction == Spec => []Invariant

(* No counter runs into the next epoch, no zxid beyond the last long.      *)
StaysInEpoch == Zxid(epoch, 0) <= zxid /\ zxid < Zxid(epoch + 1, 0)

THEOREM InEpoch == Spec => []StaysInEpoch

StaysInLong == 0 <= zxid /\ zxid <= LongMax

THEOREM NoOverflow == Spec => []StaysInLong

(* Zxids only rise.                                                        *)
Rises == zxid <= zxid' /\ (counter' # counter \/ epoch' # epoch => zxid < zxid')

THEOREM ZxidsRise == Spec => [][Rises]_vars

(* With the counters used up, only a new epoch goes on.                    *)
UsedUp == counter + 1 = LastCounter /\ zxid' # zxid => epoch < epoch'

THEOREM OnlyANewEpoch == Spec => [][UsedUp]_vars

(* Who does not lead gives out no zxid, and leads only a new epoch.        *)
Led == ~leading /\ (zxid' # zxid \/ leading') => epoch < epoch' /\ leading'

THEOREM OnlyLeadersCount == Spec => [][Led]_vars

=============================================================================
