"""`docs/report.md` is what the code says."""

from pathlib import Path
from typing import get_type_hints

import msgspec

from whaletrader.report import docs, model, score_model, score_story

PAGE = Path(__file__).parents[3] / "docs" / "report.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == docs.schema_markdown()


def test_every_struct_and_every_field_is_explained() -> None:
    page = docs.schema_markdown()
    structs = [
        value
        for value in vars(model).values()
        if isinstance(value, type) and issubclass(value, model.Part) and value is not model.Part
    ]
    assert len(structs) > 15
    for struct in structs:
        assert f"## {struct.__name__}\n" in page
        for name, hint in get_type_hints(struct, include_extras=True).items():
            metas = [meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
            assert metas, f"{struct.__name__}.{name} says nothing"
            assert metas[0].description
            assert f"| `{name}` |" in page


def test_the_page_of_scores_is_current_and_explains_every_struct_and_field() -> None:
    page = docs.score_markdown()
    assert PAGE.with_name("score-report.md").read_text(encoding="utf-8") == page
    for module in (score_model, score_story):
        for struct in vars(module).values():
            if isinstance(struct, type) and issubclass(struct, model.Part) and struct is not model.Part:
                assert f"## {struct.__name__}\n" in page or struct.__module__ == model.__name__
                for name, hint in get_type_hints(struct, include_extras=True).items():
                    metas = [meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
                    assert metas, f"{struct.__name__}.{name} says nothing"


def test_types_are_told_in_words() -> None:
    page = docs.schema_markdown()
    assert "| `variants` | list of Variant |" in page
    assert "| `pnl` | map of str to float |" in page
    assert "| `lower` | float or null |" in page
