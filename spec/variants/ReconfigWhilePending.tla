------------------------ MODULE ReconfigWhilePending ------------------------
(***************************************************************************)
(* A leader takes a reconfiguration while another one is pending.          *)
(***************************************************************************)
\* @claim Transactions are pipelined, and a reconfiguration is one.
\* @kind mistake
\* @redefines MayReconfig <- MayAlwaysReconfig
\* @model MCReconfig MCReconfigTwice.cfg
\* @fails ReconfigsAreJoint ActiveIsCommitted
EXTENDS Reconfig

MayAlwaysReconfig(i) == TRUE
=============================================================================
