------------------------------ MODULE CoreRun ------------------------------
(***************************************************************************)
(* One behaviour of ZabCore: the steps that a run of the simulator amounts *)
(* to, one after another, and between them what was seen of its servers.   *)
(* A step that the core does not allow, or a sight that is not the state   *)
(* of the core, ends the behaviour early.                                  *)
(***************************************************************************)
EXTENDS ZabCoreSteps

CONSTANTS Steps, MaxEpoch, MaxIndex

VARIABLE at

RunEpoch == 0..MaxEpoch
RunIndex == 0..MaxIndex
RunQuorum == {P \in SUBSET Server : \A s, t \in Server \ P : s = t}

(* Server s has this on its disk, its log ends with zxid last (a zxid       *)
(* without counter is of no transaction), and it has delivered so much.    *)
Sees(s, accepted, current, length, last, delivered) ==
    /\ acceptedEpoch[s] = accepted
    /\ currentEpoch[s] = current
    /\ logLength[s] = length
    /\ last[2] # 0 => length > 0 /\ Entry(logEpoch[s], length).zxid = last
    /\ lastCommitted[s] = delivered

RunInit == Init /\ at = 0

RunNext ==
    LET step == Steps[at + 1]
        a    == step.arguments
    IN  /\ at + 1 \in DOMAIN Steps
        /\ at' = at + 1
        /\ IF step.action = "Sees"
           THEN Sees(a[1], a[2], a[3], a[4], a[5], a[6]) /\ UNCHANGED vars
           ELSE Take(step)

RunSpec == RunInit /\ [][RunNext]_<<vars, at>>

StepsOfCore == [][Next]_vars
=============================================================================
