------------------------------- MODULE TLAPS -------------------------------
(* The names by which proofs cite the provers, for a TLC that comes without this module. TLC checks no
   proof; it only has to know the names. *)
SMT == TRUE
SMTT(seconds) == TRUE
CVC3 == TRUE
CVC3T(seconds) == TRUE
CVC4 == TRUE
CVC4T(seconds) == TRUE
Z3 == TRUE
Z3T(seconds) == TRUE
veriT == TRUE
veriTT(seconds) == TRUE
Yices == TRUE
YicesT(seconds) == TRUE
Spass == TRUE
SpassT(seconds) == TRUE
LS4 == TRUE
PTL == TRUE
PropositionalTemporalLogic == TRUE
Zenon == TRUE
ZenonT(seconds) == TRUE
SlowZenon == TRUE
SlowerZenon == TRUE
VerySlowZenon == TRUE
SlowestZenon == TRUE
Isa == TRUE
IsaT(seconds) == TRUE
IsaM(tactic) == TRUE
IsaMT(tactic, seconds) == TRUE
IsaWithSetExtensionality == TRUE
Auto == TRUE
SlowAuto == TRUE
Blast == TRUE
SlowBlast == TRUE
Force == TRUE
SlowForce == TRUE
AllProvers == TRUE
AllProversT(seconds) == TRUE
AllSMT == TRUE
AllSMTT(seconds) == TRUE
AllIsa == TRUE
AllIsaT(seconds) == TRUE
SimpleArithmetic == TRUE
SimplifyAndSolve == TRUE
SetExtensionality == TRUE
NoSetContainsEverything == TRUE
ExpandENABLED == TRUE
ExpandCdot == TRUE
AutoUSE == TRUE
Lambdify == TRUE
ENABLEDaxioms == TRUE
ENABLEDrules == TRUE
ENABLEDrewrites == TRUE
LevelComparison == TRUE
=============================================================================
