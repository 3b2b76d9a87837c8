----------------------------- MODULE MCZNodeAcl -----------------------------
(***************************************************************************)
(* Who may do what: two clients, of which one can prove who it is; lists   *)
(* that let everybody in, only their creator, or everybody read.           *)
(***************************************************************************)
EXTENDS MCZNode, TLC

CONSTANTS alice, bob

Paths == {A, AB}
Modes == {"PERSISTENT"}
Texts == {"x"}
Versions == {-1}

Alice == [scheme |-> "digest", id |-> "alice:secret"]
Ids == {Alice}
Users == [id \in {"alice:secret"} |-> "alice"]

AllTo(id) == <<[perms |-> Perms, id |-> id]>>
Auth == [scheme |-> "auth", id |-> ""]
Lists ==
  {OpenAcl, AllTo(Auth), <<[perms |-> {"READ", "CREATE"}, id |-> Anyone]>> \o AllTo(Auth)}

MCInit == BeginsWith(InitialTree)

MCNext ==
  \/ \E c \in Session :
       OneCreate(c) \/ OneDelete(c) \/ OneSetData(c) \/ OneSetACL(c)
  \/ OneAddAuth(alice) \/ OneGetACL(bob)
  \/ Deliver

(***************************************************************************)
(* Nobody gets anything done that no entry of the list allows him. Said    *)
(* without CheckAcl: who has not proven to be Alice needs an entry for     *)
(* everybody.                                                              *)
(***************************************************************************)
EverybodyMay(path, perm) ==
  \E i \in 1..Len(tree.nodes[path].acl) :
    tree.nodes[path].acl[i].id = Anyone /\ perm \in tree.nodes[path].acl[i].perms

StrangersNeedAnEntry ==
  [][HasCommitted /\ Committed.clientId \in Session /\ authInfo[Committed.clientId] = <<>> =>
       LET type == Committed.type
           path == Committed.record.path
       IN  /\ type = "create" => EverybodyMay(Parent(path), "CREATE")
           /\ type = "delete" => EverybodyMay(Parent(path), "DELETE")
           /\ type = "setData" => EverybodyMay(path, "WRITE")
           /\ type = "setACL" => EverybodyMay(path, "ADMIN")]_vars

\* No list that is stored is empty, and none says auth.
ListsAreFixedUp ==
  \A path \in DOMAIN tree.nodes :
    LET acl == tree.nodes[path].acl
    IN  acl # <<>> /\ \A i \in 1..Len(acl) : acl[i].id.scheme # "auth"

\* Who may not ADMIN a node does not see hashes.
HashesAreHidden ==
  \A c \in Session : \A i \in 1..Len(channel[c]) :
    LET reply == channel[c][i]
    IN  reply.kind = "reply" /\ reply.type = "getACL" /\ reply.answer.err = "Ok"
          /\ authInfo[c] = <<>> =>
          \A j \in 1..Len(reply.answer.acl) :
            reply.answer.acl[j].id # Alice
=============================================================================
