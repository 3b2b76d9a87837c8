--------------------------- MODULE MCZNodeQuotas ---------------------------
(***************************************************************************)
(* Quotas on /a: a soft limit on the bytes and a hard one on the nodes.    *)
(***************************************************************************)
EXTENDS MCZNode

Paths == {A, AB, <<"a", "c">>}
Modes == {"PERSISTENT"}
Texts == {"", "xxx"}
Versions == {-1, 0}

\* The texts that are read and written here: limits, and usage in a few numbers.
Limits == "count=1,bytes=4=;countHardLimit=2"
Numbers == (0..3) \X {0, 3, 6, 9}
Usage(numbers) == UsageText(numbers[1], numbers[2], "")
UsageTexts == {Usage(numbers) : numbers \in Numbers}
Stats ==
  [text \in UsageTexts \cup {Limits} |->
     IF text = Limits
     THEN [count |-> 1, bytes |-> 4, countHardLimit |-> 2, byteHardLimit |-> -1,
           rest |-> "=;countHardLimit=2"]
     ELSE LET numbers == CHOOSE pair \in Numbers : Usage(pair) = text
          IN  [count |-> numbers[1], bytes |-> numbers[2], countHardLimit |-> -1,
               byteHardLimit |-> -1, rest |-> ""]]

Plain(data) == NewNode(data, OpenAcl, Persistent, 0, 0)
Limited ==
  LET withA == LinkNode(InitialTree, A, Plain("xxx"), 1, 0)
      withDir == LinkNode(withA, QuotaPath \o A, Plain(""), 1, 0)
      withLimits == LinkNode(withDir, LimitsPath(A), Plain(Limits), 1, 0)
  IN  LinkNode(withLimits, StatsPath(A), Plain(Usage(<<1, 3>>)), 2, 0)

MCInit == BeginsWith(Limited)

MCNext ==
  \/ \E c \in Session : OneCreate(c) \/ OneDelete(c) \/ OneSetData(c)
  \/ Deliver

\* The account is right at all times, and the hard limit holds.
UsageIsCounted ==
  \A one \in Trees :
    HasNode(one, StatsPath(A)) /\ HasNode(one, A) =>
      one.nodes[StatsPath(A)].data
        = Usage(<<Cardinality(Subtree(one, A)), TotalLength(one, Subtree(one, A))>>)

HardLimitHolds == \A one \in Trees : Cardinality(Subtree(one, A)) <= 2

\* This does not hold, and must not: a soft limit is only warned of.
SoftLimitHolds == TotalLength(tree, Subtree(tree, A)) <= 4
=============================================================================
