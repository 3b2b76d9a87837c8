---------------------------- MODULE MCZNodeMulti ----------------------------
(***************************************************************************)
(* multi: parts that build on each other, fail in the middle, undo each    *)
(* other, are ephemeral, or are no part at all.                            *)
(***************************************************************************)
EXTENDS MCZNode

Paths == {A, AB}
Modes == {"PERSISTENT"}
Texts == {"x"}
Versions == {-1, 0}

Part(type, record) == [type |-> type, record |-> record]
Made(path, flags) ==
  Part("create2", [path |-> path, data |-> "m", acl |-> OpenAcl, flags |-> flags])
Deleted(path, version) == Part("delete", [path |-> path, version |-> version])
Written(path, version) == Part("setData", [path |-> path, data |-> "w", version |-> version])
Checked(path, version) == Part("check", [path |-> path, version |-> version])

SomeOps ==
  {<<>>,
   <<Made(A, "PERSISTENT"), Made(AB, "EPHEMERAL")>>,
   <<Made(A, "EPHEMERAL"), Made(AB, "PERSISTENT")>>,
   <<Written(A, 0), Written(A, 1), Checked(A, 2)>>,
   <<Checked(A, 1), Deleted(A, -1)>>,
   <<Deleted(AB, -1), Deleted(A, -1), Made(A, "PERSISTENT")>>,
   <<Made(AB, "PERSISTENT_SEQUENTIAL"), Made(AB, "PERSISTENT_SEQUENTIAL"), Written(AB, 0)>>,
   <<Written(A, -1), Part("setACL", [path |-> A, acl |-> OpenAcl, version |-> -1])>>}

MCInit == BeginsWith(InitialTree)

MCNext ==
  \/ \E c \in Session :
       OneCreate(c) \/ OneDelete(c) \/ OneSetData(c) \/ OneMulti(c) \/ OneExpireSession(c)
  \/ Deliver

\* The results of a failed multi: Ok before the error, RuntimeInconsistency behind it.
FailedMultiReplies ==
  \A c \in Session : \A i \in 1..Len(channel[c]) :
    LET reply == channel[c][i]
    IN  reply.kind = "reply" /\ reply.type = "multi" /\ reply.answer.err = "Ok" =>
          LET results == reply.answer.results
              failed == {j \in 1..Len(results) : results[j].err # "Ok"}
          IN  failed # {} =>
                \E j \in failed :
                  /\ results[j].err # "RuntimeInconsistency"
                  /\ \A k \in 1..(j - 1) : results[k].err = "Ok"
                  /\ \A k \in (j + 1)..Len(results) : results[k].err = "RuntimeInconsistency"
=============================================================================
