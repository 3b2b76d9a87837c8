-------------------------- MODULE MCZNodeOverflow --------------------------
(***************************************************************************)
(* A parent that has had nearly as many children as an int can count, and  *)
(* a node written as often. The numbers go round, and the parent's counter *)
(* stays where it is: sequential names are then no longer new, and create  *)
(* says NodeExists, but inside a multi the number goes on below zero.      *)
(***************************************************************************)
EXTENDS MCZNode

Paths == {<<"a", "s">>}
Modes == {"PERSISTENT_SEQUENTIAL"}
Texts == {"x"}
Versions == {-1, MaxInt, MinInt}

Sequential(name) ==
  [type |-> "create",
   record |-> [path |-> <<"a", name>>, data |-> "x", acl |-> OpenAcl,
               flags |-> "PERSISTENT_SEQUENTIAL"]]
SomeOps == {<<Sequential("s"), Sequential("s")>>, <<Sequential("s"), Sequential("s"), Sequential("t")>>}

Old == [NewNode("x", OpenAcl, Persistent, 0, 0) EXCEPT !.cversion = MaxInt - 2, !.version = MaxInt]
OldTree == LinkNode(InitialTree, A, Old, 1, 0)

Written == {A}

MCInit == BeginsWith(OldTree)

WriteOld(c) == MayWrite(c) /\ \E version \in Version : SetData(c, A, "y", version)

MCNext ==
  \/ \E c \in Session : OneCreate(c) \/ OneMulti(c) \/ WriteOld(c)
  \/ Deliver

\* Which numbers came out is no secret: the largest, then below zero inside a multi only.
NumbersGoRound ==
  \A path \in DOMAIN tree.nodes :
    Len(path) = 2 /\ path[1] = "a" =>
      path[2] \in {"s2147483645", "s2147483646", "s2147483647", "s-2147483648", "t2147483647",
                   "s-2147483647", "t-2147483648", "t-2147483647"}
=============================================================================
