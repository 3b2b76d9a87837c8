------------------------- MODULE MCZabRefinesCore -------------------------
(***************************************************************************)
(* Small instances of ZabRefinesCore.tla, with the bounds of MCZab.        *)
(***************************************************************************)
EXTENDS MCZab, ZabRefinesCore

CONSTANT Leaders    \* who may be elected

RefinesInit == MCInit /\ CoreInit

RefinesNext ==
    \/ /\ todo = << >>
       /\ MCNext
       /\ \A i \in Server \ Leaders : state'[i] # LEADING
       /\ AfterZab
    \/ OfCore /\ UNCHANGED <<vars, used>>

RefinesSpec == RefinesInit /\ [][RefinesNext]_<<vars, used, todo, coreVars>>

CoreSpec == Core!Spec
=============================================================================
