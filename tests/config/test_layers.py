"""Layers of values are merged, the first over the others."""

from srchat.config.layers import Layer, LayerKind, layer_of, merged
from tests.support.settings import resolve_work


def test_each_value_has_the_kind_of_its_layer() -> None:
    resolved = resolve_work({"model": "m"}, {"retries": 1}, {"SRCHAT_TOP_P": "0.5"}, timeout=5.0)
    names = ("timeout", "top_p", "retries", "model", "stop")
    kinds = (
        LayerKind.OPTION, LayerKind.VARIABLE, LayerKind.PROFILE, LayerKind.FILE, LayerKind.DEFAULT,
    )  # fmt: skip
    assert tuple(resolved.kinds[name] for name in names) == kinds


STRONG = Layer(LayerKind.OPTION, {"model": "a", "retries": 0}, {"model": "-m", "retries": "-r"})
WEAK = layer_of(LayerKind.FILE, {"model": "b", "retries": 3, "system": "c"}, "config.toml")


def test_the_first_layer_takes_precedence() -> None:
    assert merged([STRONG, WEAK]) == (
        {"model": "a", "retries": 0, "system": "c"},
        {"model": "-m", "retries": "-r", "system": "config.toml"},
        {"model": LayerKind.OPTION, "retries": LayerKind.OPTION, "system": LayerKind.FILE},
    )
    assert merged([WEAK, STRONG]).values == WEAK.values
    assert merged([]) == ({}, {}, {})


def test_tables_are_merged_entry_by_entry() -> None:
    weak = layer_of(LayerKind.FILE, {"params": {"seed": 1, "top_k": 2}}, "config.toml")
    strong = layer_of(LayerKind.PROFILE, {"params": {"seed": 3}}, "profile work")
    assert merged([strong, weak]).values == {"params": {"seed": 3, "top_k": 2}}
    assert merged([strong, weak]).origins == {"params": "profile work"}
    no_table = layer_of(LayerKind.OPTION, {"params": None}, "option")
    assert merged([no_table, weak]).values == {"params": None}
    assert weak.values == {"params": {"seed": 1, "top_k": 2}}  # the layers stay as they are
