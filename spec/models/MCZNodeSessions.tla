-------------------------- MODULE MCZNodeSessions --------------------------
(***************************************************************************)
(* Sessions and their ephemerals: clients on two servers that are not      *)
(* equally fast, lost connections, moves, closing and expiry.              *)
(***************************************************************************)
EXTENDS MCZNode

Paths == {A}
Modes == {"PERSISTENT", "EPHEMERAL"}
Texts == {"x"}
Versions == {-1}
OneTimeout == {1}

MCInit == Init

\* Both sessions are open.
MCInitOpen == BeginsWith(InitialTree)

ClientSteps(c) ==
  \/ OneCreate(c) \/ OneDelete(c) \/ OneGetData(c) \/ OneSync(c)
  \/ OneCloseSession(c) \/ OneExpireSession(c)
  \/ Disconnect(c) \/ LearnExpiry(c)
  \/ \E s \in Server : Reconnect(c, s)

MCNextOpen == (\E c \in Session : ClientSteps(c)) \/ Deliver

MCNext == (\E c \in Session : OneCreateSession(c)) \/ MCNextOpen
=============================================================================
