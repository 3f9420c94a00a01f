"""The head of a report's page: stamp, outcome and what it rests on; which data, the page itself says."""

from collections.abc import Sequence
from html import escape


def header(stamp: str, kicker: str, title: str, sentences: Sequence[str], about: str) -> str:
    """The head as HTML; an empty stamp is none."""
    stamped = (
        f'<div class="stamp">{escape(stamp)} <span>wallets, prices and results are made up</span></div>'
        if stamp
        else ""
    )
    told = "".join(f"<li>{escape(text)}</li>" for text in sentences)
    return (
        f'<header>{stamped}<p class="kicker">Whale Trader · {kicker}</p>'
        f"<h1>{escape(title)}</h1><ul>{told}</ul>"
        f'<p class="about">{escape(about)}</p></header>'
    )
