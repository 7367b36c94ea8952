"""Generates mutants: copies of a module with one small mistake."""

import ast
import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

_OPERATORS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.And: (ast.Or,),
    ast.Or: (ast.And,), ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Add,),
    ast.Div: (ast.Mult,), ast.FloorDiv: (ast.Mult,), ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}  # fmt: skip
_NAMES = {
    "min": "max", "any": "all", "find": "rfind", "startswith": "endswith", "match": "search",
    "removeprefix": "removesuffix", "fullmatch": "match", "lstrip": "strip", "rstrip": "strip",
}  # fmt: skip
# `strip` itself is not mutated: for most inputs its variants give the same result.
_NAMES |= {new: old for old, new in _NAMES.items() if new != "strip"}


class Mutant(NamedTuple):
    """The source of a module with one mistake, and its difference from the original."""

    path: str
    source: str
    diff: str


def mutants(path: str, seed: int, count: int) -> list[Mutant]:
    """Return `count` mutants of a module. Whether one is chosen depends only on its own line."""
    text = (ROOT / path).read_text(encoding="utf-8")
    tree, lines, seen = ast.parse(text), text.splitlines(), Counter[str]()
    ranks = []
    for line, new in _mutated_trees(tree):
        key = f"{seed} {lines[line - 1].strip()} {ast.dump(new)}"
        ranks.append(Random(f"{key} {seen[key]}").random())
        seen[key] += 1
    worst = max(sorted(ranks)[:count], default=0)
    before = ast.unparse(tree).splitlines()
    chosen = []
    for rank, (line, _) in zip(ranks, _mutated_trees(tree), strict=True):
        if rank <= worst:
            source = ast.unparse(ast.fix_missing_locations(tree))
            changed = (part for part in difflib.ndiff(before, source.splitlines()))
            diff = [f"{path}:{line}", *(part for part in changed if part[0] in "-+")]
            chosen.append(Mutant(path, source, "\n".join(diff)))
    return chosen


def _mutated_trees(node: ast.AST, line: int = 0) -> Iterator[tuple[int, ast.AST]]:
    """Change one place of the tree at a time. Yield its line and the new node during the change."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, ast.AST):
                continue
            at = getattr(child, "lineno", line)
            for new in _mutations(child):
                others = [*children[:index], new, *children[index + 1 :]]
                setattr(node, field, others if isinstance(value, list) else new)
                yield at, new
            setattr(node, field, value)
            if not _is_skipped(child):
                yield from _mutated_trees(child, at)


def _is_skipped(node: ast.AST) -> bool:
    """Tell whether mutants of a node would say little about the tests."""
    match node:
        case ast.Raise() | ast.JoinedStr():
            return True  # text for users
        case ast.AnnAssign(
            annotation=ast.Name("Final"), value=ast.BinOp() | ast.Constant(value=int() | float())
        ):
            return True  # a tuned constant; similar values work, too
        case _:
            return False


def _mutations(node: ast.AST) -> Sequence[ast.AST]:
    """Return nodes that could replace `node` by mistake."""
    match node:
        case ast.stmt():
            return _statement_mutations(node)
        case ast.Constant(value=value):
            return [ast.Constant(new) for new in _other_values(value)]
        case ast.expr():
            return _expression_mutations(node)
        case ast.comprehension(ifs=[_, *_]):
            return [ast.comprehension(node.target, node.iter, [], node.is_async)]
        case _:
            return [new() for new in _OPERATORS.get(type(node), ())]


def _statement_mutations(node: ast.stmt) -> Sequence[ast.AST]:
    match node:
        case ast.If(test, body, orelse):
            return [ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)]
        case ast.While(test, body, orelse):
            return [ast.While(ast.UnaryOp(ast.Not(), test), body, orelse)]
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            return [ast.Return(ast.Constant(None))]
        case ast.Expr(value=ast.Constant()):
            return []  # a docstring
        case ast.Assign(targets=[ast.Name() | ast.Tuple()]):
            return []  # an undefined name makes any test fail
        case ast.Expr() | ast.Assign() | ast.AugAssign() | ast.Delete() | ast.Raise():
            return [ast.Pass()]
        case ast.Continue() | ast.Break():
            return [ast.Pass()]
        case _:
            return []


def _other_values(value: object) -> Sequence[bool | float | str | bytes]:
    match value:
        case bool():
            return [not value]
        case int() | float():
            return [
                value + 1 if value < 10 else value * 10
            ]  # adding 1 to a large number has little effect
        case str() if " " in value.strip():
            return []  # text for users
        case str() | bytes():
            return [value[:0] if value else "x"]
        case _:
            return []


def _expression_mutations(node: ast.expr) -> Sequence[ast.AST]:
    match node:
        case ast.UnaryOp(op=ast.Not()):
            return [node.operand]
        case ast.BoolOp(op=op, values=values):
            return [ast.BoolOp(op, some) for some in _without_one(values)]
        case ast.Compare(left, [first, second], [middle, right]):  # 0 <= x < 9
            return [ast.Compare(left, [first], [middle]), ast.Compare(middle, [second], [right])]
        case ast.JoinedStr():
            return [ast.Constant("")]
        case ast.Name(id=name) if name in _NAMES:
            return [ast.Name(_NAMES[name])]
        case ast.Attribute(value=value, attr=name) if name in _NAMES:
            return [ast.Attribute(value, _NAMES[name])]
        case ast.IfExp():
            return [node.body, node.orelse]
        case ast.Slice(lower, upper):
            return [ast.Slice(None, upper)] * bool(lower) + [ast.Slice(lower)] * bool(upper)
        case ast.Tuple(elts=[_, _, *_] as items, ctx=ast.Load()):
            return [ast.Tuple(some) for some in _without_one(items)]
        case _:
            return []


def _without_one(items: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for index in range(len(items)):
        yield items[:index] + items[index + 1 :]
