"""The modules that every specification may extend without a file: their names and arities.

What the operators do is said in ``evaluate``. Source: "Specifying Systems", chapter 18; TLC's
standard modules; the community modules.
"""

from speccheck.tla.meaning import Builtin

# Of the language itself: in scope everywhere.
LANGUAGE = r"""
= /= /\ \/ ~ => <=> \in \notin \cup \cap \ \subseteq SUBSET UNION DOMAIN ENABLED UNCHANGED ' [] <>
~> -+-> \cdot TRUE FALSE BOOLEAN STRING
"""
_UNARY = frozenset(["~", "SUBSET", "UNION", "DOMAIN", "ENABLED", "UNCHANGED", "'", "[]", "<>"])
_NULLARY = frozenset(["TRUE", "FALSE", "BOOLEAN", "STRING"])

# Module: what it extends, then its operators. ``name/1,0`` has an operator and a value parameter.
_MODULES: dict[str, tuple[str, str]] = {
    "Naturals": ("", "Nat + - * ^ < > <= >= .. % \\div"),
    "Integers": ("Naturals", "Int -./0"),
    "Reals": ("Integers", "Real / Infinity"),
    "Sequences": (
        "",
        "Seq/0 Len/0 \\o Append/0,0 Head/0 Tail/0 SubSeq/0,0,0 SelectSeq/0,1",
    ),
    "FiniteSets": ("", "IsFiniteSet/0 Cardinality/0"),
    "Bags": (
        "TLC",
        "IsABag/0 BagToSet/0 SetToBag/0 BagIn/0,0 EmptyBag (+) (-) BagUnion/0 \\sqsubseteq "
        "SubBag/0 BagOfAll/1,0 BagCardinality/0 CopiesIn/0,0",
    ),
    "TLC": (
        "",
        ":> @@ Print/0,0 PrintT/0 Assert/0,0 JavaTime TLCGet/0 TLCSet/0,0 Permutations/0 "
        "SortSeq/0,2 RandomElement/0 Any ToString/0 TLCEval/0",
    ),
    "TLCExt": (
        "",
        "AssertEq/0,0 AssertError/0,0 TLCModelValue/0 TLCDefer/0 PickSuccessor/0 Trace TLCNoOp/0 "
        "TLCCache/0,0 TLCGetOrDefault/0,0 TLCGetAndSet/0,2,0,0 TLCFP/0 CounterExample ToTrace/0 "
        "TLCEvalDefinition/0",
    ),
    "Functions": (
        "Integers Folds",
        "Restrict/0,0 RestrictDomain/0,1 RestrictValues/0,1 Range/0 Inverse/0,0,0 "
        "AntiFunction/0 IsInjective/0 Injection/0,0 Surjection/0,0 Bijection/0,0 "
        "ExistsInjection/0,0 ExistsSurjection/0,0 ExistsBijection/0,0 IsRestriction/0,0 "
        "FoldFunction/2,0,0 FoldFunctionOnSet/2,0,0,0 Pointwise/0,0,2 SumFunctionOnSet/0,0 "
        "SumFunction/0",
    ),
    "Folds": ("", "MapThenFoldSet/2,0,1,1,0"),
    "FiniteSetsExt": (
        "Integers FiniteSets Folds Functions",
        "FoldSet/2,0,0 SumSet/0 ProductSet/0 ReduceSet/2,0,0 FlattenSet/0 SymDiff/0,0 "
        "MapThenSumSet/1,0 ChooseUnique/0,1 kSubset/0,0 Min/0 Max/0 Mean/0 "
        "Quantify/0,1 Choices/0",
    ),
    "SequencesExt": (
        "Sequences Naturals FiniteSets FiniteSetsExt Folds Functions Bags TLC",
        "ToSet/0 SetToSeq/0 SetToSeqs/0 SetToSortSeq/0,2 SetToAllKPermutations/0 Contains/0,0 "
        "Reverse/0 Remove/0,0 ReplaceAll/0,0,0 SelectInSeq/0,1 SelectLastInSeq/0,1 InsertAt/0,0,0 "
        "ReplaceAt/0,0,0 RemoveAt/0,0 Cons/0,0 Front/0 Last/0 IsPrefix/0,0 IsStrictPrefix/0,0 "
        "IsSuffix/0,0 IsStrictSuffix/0,0 Prefixes/0 CommonPrefixes/0 LongestCommonPrefix/0 "
        "Suffixes/0 SeqMod/0,0 FoldSeq/2,0,0 FoldLeft/2,0,0 FoldRight/2,0,0 Snoc/0,0 "
        "FoldLeftDomain/2,0,0 "
        "FoldRightDomain/2,0,0 FlattenSeq/0 Zip/0,0 SubSeqs/0 TupleOf/0,0 "
        "SeqOf/0,0 BoundedSeq/0,0 AllSubSeqs/0 RemoveFirst/0,0 RemoveFirstMatch/0,1 ToBag/0 "
        "IsSorted/0,2 SelectInSubSeq/0,0,0,1 SelectLastInSubSeq/0,0,0,1 Interleave/0,0 "
        "IndexFirstSubSeq/0,0 ReplaceSubSeqAt/0,0,0,0 ReplaceFirstSubSeq/0,0,0 "
        "ReplaceAllSubSeqs/0,0,0",
    ),
    "Json": (
        "",
        "ToJson/0 ToJsonArray/0 ToJsonObject/0 JsonSerialize/0,0 JsonDeserialize/0 "
        "ndJsonSerialize/0,0 ndJsonDeserialize/0",
    ),
    "Bitwise": ("", "| & ^^ shiftR/0,0 Not/0"),
    "Randomization": (
        "",
        "RandomSubset/0,0 RandomSetOfSubsets/0,0,0 RandomSubsetSet/0,0 TestRandomSetOfSubsets/0,0",
    ),
    "BagsExt": (
        "",
        "BagAdd/0,0 BagRemove/0,0 BagRemoveAll/0,0 FoldBag/2,0,0 MapThenFoldBag/2,0,1,1,0 SumBag/0 "
        "ProductBag/0",
    ),
    "Combinatorics": ("Naturals", "factorial choose/0,0"),
    "IOUtils": (
        "",
        "IOExec/0 IOEnv IOEnvExec/0,0 IOExecTemplate/0,0 IOEnvExecTemplate/0,0,0 "
        "IOSerialize/0,0,0 IODeserialize/0,0 "
        "Serialize/0,0,0 Deserialize/0,0 atoi/0 zeroPadN/0,0",
    ),
    "CSV": ("", "CSVWrite/0,0,0 CSVRecords/0 CSVWriteRecord/0,0,0,0 CSVRead/0,0,0"),
    "Relation": (
        "Naturals FiniteSets",
        "IsReflexive/0,0 IsIrreflexive/0,0 IsSymmetric/0,0 IsAntiSymmetric/0,0 IsAsymmetric/0,0 "
        "IsTransitive/0,0 IsStrictlyPartiallyOrdered/0,0 IsPartiallyOrdered/0,0 "
        "IsStrictlyTotallyOrdered/0,0 IsTotallyOrdered/0,0 IsReflexiveUnder/2,0 "
        "IsIrreflexiveUnder/2,0 IsSymmetricUnder/2,0 IsAntiSymmetricUnder/2,0 "
        "IsAsymmetricUnder/2,0 IsTransitiveUnder/2,0 IsStrictlyPartiallyOrderedUnder/2,0 "
        "IsPartiallyOrderedUnder/2,0 IsStrictlyTotallyOrderedUnder/2,0 IsTotallyOrderedUnder/2,0 "
        "TransitiveClosure/0,0 ReflexiveTransitiveClosure/0,0 IsConnected/0,0",
    ),
    "Graphs": (
        "Naturals Sequences FiniteSets SequencesExt Relation",
        "IsDirectedGraph/0 DirectedSubgraph/0 Transpose/0 IsUndirectedGraph/0 UndirectedSubgraph/0 "
        "Path/0 SimplePath/0 AreConnectedIn/0,0,0 IsStronglyConnected/0 ConnectionsIn/0 "
        "IsTreeWithRoot/0,0 GraphUnion/0,0 IsBipartiteWithPartitions/0,0,0 HasCycle/0 IsDag/0 "
        "Successors/0,0 AllSuccessors/0,0 Predecessors/0,0 AllPredecessors/0,0 Ancestors/0,0 "
        "Descendants/0,0 InDegree/0,0 OutDegree/0,0 Roots/0 Leaves/0 EmptyGraph Graphs/0",
    ),
    "DyadicRationals": ("", "Zero One Add/0,0 Half/0 IsDyadicRational/0 PrettyPrint/0"),
    "VectorClocks": ("Naturals Sequences Functions", "IsCausalOrder/0,1 CausalOrder/0,1,1,1"),
    "SVG": (
        "",
        "Line/0,0,0,0,0 Circle/0,0,0,0 Rect/0,0,0,0,0 Text/0,0,0,0 Image/0,0,0,0,0,0 "
        "Group/0,0 Svg/0,0 "
        "SVGElem/0,0,0,0 SVGElemToString/0 NodeOfRingNetwork/0,0,0,0,0 "
        "NodesOfDirectedMultiGraph/0,0,0 "
        "PointOnLine/0,0,0 SVGDoc/0,0,0,0,0,0 SVGSerialize/0,0,0",
    ),
    "UndirectedGraphs": (
        "",
        "IsUndirectedGraph/0 IsLoopFreeUndirectedGraph/0 UndirectedSubgraph/0 Path/0 SimplePath/0 "
        "ConnectedComponents/0 AreConnectedIn/0,0,0 IsStronglyConnected/0 UndirectedGraphs/0",
    ),
    "Statistics": ("Naturals", "ChiSquare/0,0,0"),
    "Apalache": (
        "",
        ":= ApaFoldSet/2,0,0 ApaFoldSeqLeft/2,0,0 Gen/0 Guess/0 MkSeq/0,1 FunAsSeq/0,0,0 "
        "SetAsFun/0 Repeat/2,0,0 Skolem/0 Expand/0 ConstCardinality/0",
    ),
    "Variants": (
        "",
        "UNIT Variant/0,0 VariantTag/0 VariantGetUnsafe/0,0 VariantGetOrElse/0,0,0 "
        "VariantFilter/0,0",
    ),
    # Modules of the proof system: only proofs use what they define.
    "TLAPS": ("", ""),
    "NaturalsInduction": ("Integers", ""),
    "WellFoundedInduction": ("NaturalsInduction", ""),
    "SequenceTheorems": ("Sequences Functions", ""),
    "FiniteSetTheorems": ("FiniteSets Integers", ""),
    "FunctionTheorems": ("Functions Integers", ""),
    "SequencesTheorems": ("Sequences Integers", ""),
    "BagsTheorems": ("Bags", ""),
    "FiniteSetsExtTheorems": ("FiniteSetsExt", ""),
    "SequencesExtTheorems": ("SequencesExt", ""),
    "FoldsTheorems": ("Folds", ""),
    "GraphTheorems": ("Graphs", ""),
}
_BINARY_CHARACTERS = frozenset("+-*/^<>=.%\\:@(|&")


# Of the language and its standard modules: what these define, nothing else may define.
_BASIC = frozenset({"", "Naturals", "Integers", "Reals", "Sequences", "FiniteSets", "Bags", "TLC"})


def is_basic(module: str) -> bool:
    """Tell whether a module is one of those that SANY has, "" being the language itself."""
    return module in _BASIC


def is_standard(name: str) -> bool:
    """Tell whether a module of that name is built in."""
    return name in _MODULES


def language() -> dict[str, Builtin]:
    """Return fresh entities for the operators of the language."""
    return {name: Builtin(name, _language_arities(name)) for name in LANGUAGE.split()}


def _language_arities(name: str) -> tuple[int, ...]:
    if name in _NULLARY:
        return ()
    return (0,) if name in _UNARY else (0, 0)


def standard_module(name: str, made: dict[str, dict[str, Builtin]]) -> dict[str, Builtin]:
    """Return the operators of a standard module and of those that it extends.

    ``made`` remembers modules, so that each operator is one entity per specification.
    """
    known = made.get(name)
    if known is not None:
        return known
    extended, operators = _MODULES[name]
    names: dict[str, Builtin] = {}
    for other in extended.split():
        names.update(standard_module(other, made))
    for word in operators.split():
        symbol, arities = _signature(word)
        # An assignment of Apalache is an equation.
        names[symbol] = Builtin("=", arities) if symbol == ":=" else Builtin(symbol, arities, name)
    made[name] = names
    return names


def _signature(word: str) -> tuple[str, tuple[int, ...]]:
    if "/" in word and word not in {"/", "\\/"}:
        symbol, _, numbers = word.partition("/")
        return symbol, tuple(map(int, numbers.split(",")))
    if word[0] in _BINARY_CHARACTERS:
        return word, (0, 0)
    return word, ()
