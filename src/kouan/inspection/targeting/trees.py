"""Scoring by boosted trees, read from LightGBM's text model format; nothing but arithmetic is needed to score.

The text holds numbers, no code: reading a model can do nothing but make trees. What is read is the part of the format
(``version=v4``) that binary classifiers over numbers use; everything else is refused.
"""

import math
from collections.abc import Mapping, Sequence

import msgspec

from kouan.vocabulary.errors import InvalidValue

CATEGORICAL, DEFAULT_LEFT = 1, 2
"""Bits of ``decision_type`` (LightGBM, include/LightGBM/tree.h)."""

MISSING_ZERO, MISSING_NAN = 1, 2
"""Its bits 2 and 3: what counts as missing."""

MOST_TREES, MOST_NODES = 2000, 4096
"""Largest model that is read. Our choice: ten times what trade of a port needs."""


class Tree(msgspec.Struct, frozen=True):
    """One tree: inner nodes in parallel lists; a child below 0 is the leaf of its bitwise complement."""

    features: list[int]
    thresholds: list[float]
    kinds: list[int]
    left: list[int]
    right: list[int]
    inner: list[float]
    leaves: list[float]

    @property
    def base(self) -> float:
        """What the tree says where nothing is asked."""
        return self.inner[0] if self.features else self.leaves[0]


Node = tuple[int, float, bool, bool, int, int]
"""Feature, threshold, whether zero and whether the unknown go left of it, and the two children."""


class Trees:
    """A boosted classifier: the log-odds of an offence are the sum of its trees."""

    def __init__(self, features: Sequence[str], trees: Sequence[Tree]) -> None:
        self.features = tuple(features)
        self.base = math.fsum(tree.base for tree in trees)
        self._trees = tuple(trees)
        self._nodes = tuple((_nodes(tree), tree.leaves) for tree in trees)

    def log_odds(self, values: Mapping[str, int | None]) -> float:
        """Return the log-odds of an offence."""
        row = [values[name] for name in self.features]
        return math.fsum(leaves[_leaf(nodes, row)] for nodes, leaves in self._nodes)

    def moved(self, values: Mapping[str, int | None]) -> dict[str, float]:
        """Return by how much each feature moved the log-odds from the base.

        What moves are differences along the paths (as in treeinterpreter): with the base they add up to the log-odds.
        """
        row = [values[name] for name in self.features]
        found = dict.fromkeys(self.features, 0.0)
        for tree, (nodes, _) in zip(self._trees, self._nodes, strict=True):
            node, standing = 0 if nodes else -1, tree.base
            while node >= 0:
                name, node = self.features[nodes[node][0]], _step(nodes[node], row)
                value = tree.inner[node] if node >= 0 else tree.leaves[~node]
                found[name] += value - standing
                standing = value
        return found


def _nodes(tree: Tree) -> tuple[Node, ...]:
    """Return a tree's nodes with their questions made ready: one value of each kind of node is asked for its way."""
    return tuple(
        (feature, threshold, _zero_goes_left(kind, threshold), _unknown_goes_left(kind, threshold), left, right)
        for feature, threshold, kind, left, right in zip(
            tree.features, tree.thresholds, tree.kinds, tree.left, tree.right, strict=True
        )
    )


def _zero_goes_left(kind: int, threshold: float) -> bool:
    if kind >> 2 & 3 == MISSING_ZERO:
        return bool(kind & DEFAULT_LEFT)
    return threshold >= 0


def _unknown_goes_left(kind: int, threshold: float) -> bool:
    if kind >> 2 & 3 == MISSING_NAN:
        return bool(kind & DEFAULT_LEFT)
    return _zero_goes_left(kind, threshold)


def _step(node: Node, row: Sequence[int | None]) -> int:
    """Return where a node's question leads."""
    feature, threshold, zero_left, unknown_left, left, right = node
    value = row[feature]
    if value is None:
        return left if unknown_left else right
    if value == 0:
        return left if zero_left else right
    return left if value <= threshold else right


def _leaf(nodes: Sequence[Node], row: Sequence[int | None]) -> int:
    """Return the leaf that a row falls into; the same steps as ``_step``, written out, because all time goes here."""
    at = 0 if nodes else -1
    while at >= 0:
        feature, threshold, zero_left, unknown_left, left, right = nodes[at]
        value = row[feature]
        if value:
            at = left if value <= threshold else right
        else:
            at = left if (unknown_left if value is None else zero_left) else right
    return ~at


def read_trees(text: str) -> Trees:
    """Return the trees of a LightGBM model's text; raise InvalidValue (``model.form``) for any other text or model."""
    try:
        head, *blocks = text.partition("\n\n\nend of trees")[0].split("\nTree=")
        settings = _settings(head)
        _require_known(head, settings)
        names = tuple(settings["feature_names"].split(" "))
        if not 0 < len(blocks) <= MOST_TREES:
            raise _wrong(f"must have 1 to {MOST_TREES} trees")
        trees = tuple(_tree(_settings(block), len(names)) for block in blocks)
    except (KeyError, ValueError, IndexError) as error:
        raise _wrong(f"is no LightGBM text model: {str(error)[:120]}") from error
    return Trees(names, trees)


def _require_known(head: str, settings: Mapping[str, str]) -> None:
    if not head.startswith("tree\n") or settings["version"] != "v4":
        raise _wrong("must be a tree model of version v4")
    if settings["num_class"] != "1" or settings["num_tree_per_iteration"] != "1" or "average_output" in head.split():
        raise _wrong("must be a boosted classifier of one class")
    if settings["objective"] != "binary sigmoid:1":
        raise _wrong("must have the objective binary sigmoid:1")


def _settings(block: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in block.split("\n"))
    return {name: value for name, separator, value in pairs if separator}


def _tree(settings: Mapping[str, str], features: int) -> Tree:
    leaves = _floats(settings["leaf_value"])
    if settings["num_cat"] != "0" or settings.get("is_linear", "0") != "0" or len(leaves) > MOST_NODES:
        raise _wrong("must have trees over numbers, with constant leaves")
    if len(leaves) == 1:
        return Tree([], [], [], [], [], [], leaves)
    tree = Tree(
        features=_ints(settings["split_feature"]),
        thresholds=_floats(settings["threshold"]),
        kinds=_ints(settings["decision_type"]),
        left=_ints(settings["left_child"]),
        right=_ints(settings["right_child"]),
        inner=_floats(settings["internal_value"]),
        leaves=leaves,
    )
    _require_tree(tree, features)
    return tree


def _require_tree(tree: Tree, features: int) -> None:
    """Check that every node is reached once from the root, so that no walk is endless or leaves the lists."""
    nodes = len(tree.leaves) - 1
    lists = (tree.features, tree.thresholds, tree.kinds, tree.left, tree.right, tree.inner)
    if any(len(each) != nodes for each in lists) or any(kind & CATEGORICAL for kind in tree.kinds):
        raise _wrong("has a tree whose lists differ in length")
    if any(not 0 <= feature < features for feature in tree.features):
        raise _wrong("asks for a feature that it does not name")
    children = sorted((*tree.left, *tree.right))
    if children != [*range(-len(tree.leaves), 0), *range(1, nodes)]:
        raise _wrong("has a tree that is none")
    later = all(child < 0 or child > node for node in range(nodes) for child in (tree.left[node], tree.right[node]))
    if not later or not all(map(math.isfinite, (*tree.leaves, *tree.inner))):
        raise _wrong("has a tree that is none")


def _floats(text: str) -> list[float]:
    return [float(part) for part in text.split(" ")]


def _ints(text: str) -> list[int]:
    return [int(part) for part in text.split(" ")]


def _wrong(mend: str) -> InvalidValue:
    return InvalidValue("model", "model.form", mend)
