------------------------------- MODULE Passed -------------------------------
(* Names that come by way of SequencesExt, which extends the modules that they are of. *)
EXTENDS SequencesExt

ASSUME /\ Len(<<1>> \o <<2>>) = 1 + 1
       /\ Cardinality(ToSet(<<1, 1>>)) = 1
       /\ (1 :> 2) = <<2>>
       /\ CopiesIn(1, ToBag(<<1, 1>>)) = 2
=============================================================================
