----------------------------- MODULE ZNodeText -----------------------------
(***************************************************************************)
(* What the data model needs to know about texts and about machine         *)
(* numbers. TLA+ does not take texts apart, so facts that ZooKeeper reads  *)
(* out of a text are constants here. A model gives them for its few texts, *)
(* a test or a judge of histories for all texts.                           *)
(***************************************************************************)
EXTENDS Integers, Sequences

CONSTANTS
  Null,         \* no value: a node without data, a reply without a body
  IllegalName,  \* names that a path may not contain (PathUtils.validatePath)
  NulName,      \* of these, the ones with a NUL character in them
  NamePrefix,   \* pairs <<prefix, name>>, where name begins with prefix and is longer
  ValidId,      \* ids that may stand in an ACL (AuthenticationProvider.isValid)
  IpMatch,      \* pairs <<address of a client, id in an ACL>> that match
  UserOf,       \* digest id |-> the user before its colon; only ids with a colon
  StatsTrack,   \* data |-> what the class StatsTrack reads in it; only readable data
  MaxTtl        \* the longest TTL: 1099511627775 ms in ZooKeeper, more than TLC can count

(***************************************************************************)
(* The empty name, "." and ".." are illegal everywhere, and so is "/",     *)
(* which stands at the head of a path that did not begin with a slash (see *)
(* ZNodeTree).                                                             *)
(***************************************************************************)
ASSUME /\ \A name \in {"", ".", "..", "/"} : name \in IllegalName
       /\ \A name \in NulName : name \in IllegalName

(***************************************************************************)
(* Data is a text, one character for each byte, or Null. Null data and     *)
(* empty data have the same length.                                        *)
(***************************************************************************)
DataLength(data) == IF data = Null THEN 0 ELSE Len(data)

-----------------------------------------------------------------------------
(***************************************************************************)
(* Versions and counters of children are Java ints: 32 bits, and what      *)
(* overflows comes out at the other end. Written so that no intermediate   *)
(* result overflows either, because TLC's integers have 32 bits too.       *)
(***************************************************************************)
MaxInt == 2147483647
MinInt == -2147483647 - 1

Next32(n) == IF n = MaxInt THEN MinInt ELSE n + 1

Add32(a, b) ==
  IF b >= 0
  THEN IF a > MaxInt - b THEN MinInt + (a - (MaxInt - b) - 1) ELSE a + b
  ELSE IF a < MinInt - b THEN MaxInt - ((MinInt - b) - a - 1) ELSE a + b

-----------------------------------------------------------------------------
(***************************************************************************)
(* Numbers as text. SequenceSuffix is Java's format %010d: ten characters  *)
(* with leading zeros, a minus sign counted among them. Only -2147483648   *)
(* needs eleven.                                                           *)
(***************************************************************************)
Digit == <<"0", "1", "2", "3", "4", "5", "6", "7", "8", "9">>

RECURSIVE Digits(_)
Digits(n) == IF n < 10 THEN Digit[n + 1] ELSE Digits(n \div 10) \o Digit[(n % 10) + 1]

Decimal(n) ==
  IF n >= 0 THEN Digits(n) ELSE IF n = MinInt THEN "-2147483648" ELSE "-" \o Digits(-n)

RECURSIVE ZeroPadded(_, _)
ZeroPadded(text, width) ==
  IF Len(text) >= width THEN text ELSE ZeroPadded("0" \o text, width)

SequenceSuffix(n) ==
  IF n >= 0 THEN ZeroPadded(Digits(n), 10)
  ELSE IF n = MinInt THEN Decimal(n)
  ELSE "-" \o ZeroPadded(Digits(-n), 9)

StartsWith(name, prefix) == prefix = "" \/ prefix = name \/ <<prefix, name>> \in NamePrefix
=============================================================================
