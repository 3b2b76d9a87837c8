------------------------- MODULE FiniteSetTheorems -------------------------
(* The theorems that proofs cite by name, for a TLC that comes without this module. TLC checks no
   proof; it only has to know the names. *)
FS_AddElement == TRUE
FS_CardinalityType == TRUE
FS_CountingElements == TRUE
FS_Difference == TRUE
FS_EmptySet == TRUE
FS_FiniteSubsetsOfFinite == TRUE
FS_Image == TRUE
FS_Induction == TRUE
FS_Injection == TRUE
FS_Intersection == TRUE
FS_Interval == TRUE
FS_Isomorphism == TRUE
FS_MajoritiesIntersect == TRUE
FS_MinimumMaximum == TRUE
FS_NatSurjection == TRUE
FS_NonEmptySet == TRUE
FS_PigeonHole == TRUE
FS_Product == TRUE
FS_RemoveElement == TRUE
FS_SUBSET == TRUE
FS_SameCardinalityBij == TRUE
FS_Singleton == TRUE
FS_StrictSubsetOrderingWellFounded == TRUE
FS_Subset == TRUE
FS_Subset_CardinalityLE == TRUE
FS_TwoElements == TRUE
FS_UNION == TRUE
FS_Union == TRUE
FS_WFInduction == TRUE
=============================================================================
