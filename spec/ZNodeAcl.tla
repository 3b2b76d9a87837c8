------------------------------ MODULE ZNodeAcl ------------------------------
(***************************************************************************)
(* Access control lists: who may do what, and which lists may be stored.   *)
(* An ACL list is a sequence of entries [perms, id]; perms is a set of     *)
(* names of permissions, id a record [scheme, id]. A client is known by    *)
(* its authInfo, the sequence of ids that it has proven. Nothing is        *)
(* inherited; CREATE and DELETE are asked of the parent.                   *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, ZNodeTree

(***************************************************************************)
(* Settings of zoo.cfg that change what the data model answers: skipACL,   *)
(* extendedTypesEnabled, enforceQuota, reconfigEnabled,                    *)
(* closeSessionTxnEnabled (booleans), and schemes, the set of              *)
(* authentication schemes that the server knows.                           *)
(***************************************************************************)
CONSTANT Policy

\* Schemes whose ids prove who somebody is, so that auth may stand for them.
AuthenticatingSchemes == Policy.schemes \ {"ip"}

\* AuthenticationProvider.matches: an id of a client, and one in an ACL.
Matches(authId, aclId) ==
  /\ aclId.scheme \in Policy.schemes
  /\ authId.scheme = aclId.scheme
  /\ IF aclId.scheme = "ip" THEN <<authId.id, aclId.id>> \in IpMatch ELSE authId.id = aclId.id

(***************************************************************************)
(* Whether a client may do something that needs one of perms               *)
(* (ZooKeeperServer.checkACL): skipACL lets everything pass, an empty list *)
(* is open, super passes; else one entry with the permission must mean     *)
(* everybody or one of the ids of the client.                              *)
(***************************************************************************)
CheckAcl(acl, perms, authInfo) ==
  \/ Policy.skipACL
  \/ acl = <<>>
  \/ \E i \in 1..Len(authInfo) : authInfo[i].scheme = "super"
  \/ \E e \in 1..Len(acl) :
       /\ acl[e].perms \cap perms # {}
       /\ \/ acl[e].id = Anyone
          \/ \E i \in 1..Len(authInfo) : Matches(authInfo[i], acl[e].id)

(***************************************************************************)
(* The list to store for the list a client sent                            *)
(* (PrepRequestProcessor.fixupACL). Repeated entries go. An entry of       *)
(* scheme auth becomes one entry for each id of the client whose scheme    *)
(* authenticates. FixUpAcl is the empty list where that cannot be: nothing *)
(* was sent, auth stands for nobody, an id is not valid. ZooKeeper answers *)
(* InvalidACL then.                                                        *)
(***************************************************************************)
RECURSIVE Distinct(_)
Distinct(acl) ==
  IF acl = <<>> THEN <<>>
  ELSE LET rest == Distinct(SubSeq(acl, 1, Len(acl) - 1))
           last == acl[Len(acl)]
       IN  IF \E i \in 1..Len(rest) : rest[i] = last THEN rest ELSE Append(rest, last)

OwnIds(authInfo) ==
  LET Proves(id) == id.scheme \in AuthenticatingSchemes IN SelectSeq(authInfo, Proves)

IsStorable(id, authInfo) ==
  CASE id = Anyone -> TRUE
    [] id # Anyone /\ id.scheme = "auth" -> OwnIds(authInfo) # <<>>
    [] OTHER -> id.scheme \in Policy.schemes /\ id \in ValidId

RECURSIVE Expanded(_, _)
Expanded(acl, authInfo) ==
  IF acl = <<>> THEN <<>>
  ELSE LET entry == Head(acl)
           own == OwnIds(authInfo)
           entries == IF entry.id.scheme = "auth"
                      THEN [i \in 1..Len(own) |-> [perms |-> entry.perms, id |-> own[i]]]
                      ELSE <<entry>>
       IN  entries \o Expanded(Tail(acl), authInfo)

FixUpAcl(acl, authInfo) ==
  IF \A i \in 1..Len(acl) : IsStorable(acl[i].id, authInfo)
  THEN Expanded(Distinct(acl), authInfo)
  ELSE <<>>
=============================================================================
