"""The Unicode spellings of TLA+ symbols, as SANY has them: each means its ASCII spelling.

Source: TLA+ RFC 5, "Unicode support"; the lexer of SANY.
"""

_NAMES = {"ℕ": "Nat", "ℤ": "Int", "ℝ": "Real"}

_PAIRS = r"""
≜ == ⟨ << ⟩ >> ⟩_ >>_ → -> ← <- ↦ |-> ∷ ::
∀ \A ∃ \E □ [] ◇ <> ¬ ~ ∧ /\ ∨ \/ ⇒ => ⇔ <=> ≡ \equiv ↝ ~> ⇸ -+->
∈ \in ∉ \notin ⊆ \subseteq ⊂ \subset ⊇ \supseteq ⊃ \supset ∪ \cup ∩ \cap × \X ⊎ \uplus
≠ /= ≤ <= ≥ >= ≪ \ll ≫ \gg ≈ \approx ≅ \cong ≃ \simeq ∼ \sim ≍ \asymp ≐ \doteq ∝ \propto
≺ \prec ⪯ \preceq ≻ \succ ⪰ \succeq ⊏ \sqsubset ⊑ \sqsubseteq ⊐ \sqsupset ⊒ \sqsupseteq
⊓ \sqcap ⊔ \sqcup ⊢ |- ⊣ -| ⊨ |= ⫤ =| ≔ := ⩴ ::= ‥ .. … ... ‼ !! ⁇ ?? ‖ || ÷ \div
∘ \o ⋅ \cdot ● \bullet ◯ \bigcirc ⋆ \star ≀ \wr
⊕ (+) ⊖ (-) ⊗ (\X) ⊙ (.) ⊘ (/) ⁺ ^+
"""


def _symbols() -> dict[str, str]:
    words = _PAIRS.split()
    return dict(zip(words[::2], words[1::2], strict=True))


NAMES = _NAMES
SYMBOLS = _symbols()
