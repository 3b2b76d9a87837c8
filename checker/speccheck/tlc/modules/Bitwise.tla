------------------------------ MODULE Bitwise ------------------------------
(* The operators of the community module of this name, for a TLC that comes without it. *)
LOCAL INSTANCE Integers

\* Bit by bit from the lowest; above the last of them all bits are those of the sign, 0 or -1.
RECURSIVE Bits(_, _, _)
LOCAL Bits(bit(_, _), x, y) ==
    IF x \in {0, -1} /\ y \in {0, -1} THEN -bit(-x, -y)
    ELSE bit(x % 2, y % 2) + 2 * Bits(bit, x \div 2, y \div 2)

x & y == Bits(LAMBDA a, b : a * b, x, y)
x | y == Bits(LAMBDA a, b : a + b - a * b, x, y)
x ^^ y == Bits(LAMBDA a, b : (a + b) % 2, x, y)
Not(x) == -1 - x
shiftR(x, n) == x \div (2 ^ n)
=============================================================================
