"""Every colour of a panel reads on every page: WCAG 2.2 asks for a contrast of 4.5."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from flask_nb.panel.palette import BAR, QUIET_SHARE, SHARES


class Colour(NamedTuple):
    red: float
    green: float
    blue: float
    alpha: float = 1.0


def parse(text: str) -> Colour:
    """A colour from ``#rgb``, ``#rrggbb`` or ``rgba(…)``, each part from 0 to 1."""
    if text.startswith("#"):
        digits = text[1:] if len(text) == 7 else "".join(digit * 2 for digit in text[1:])
        return Colour(*(int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)))
    *parts, alpha = map(float, re.findall(r"[\d.]+", text))
    return Colour(*(part / 255 for part in parts), alpha)  # type: ignore[call-arg]


def mix(first: Colour, share: float, second: Colour) -> Colour:
    """What ``color-mix(in srgb, first share%, second)`` is (CSS Color 5, premultiplied)."""
    shares = (share / 100, 1 - share / 100)
    alpha = first.alpha * shares[0] + second.alpha * shares[1]
    pairs = zip(first[:3], second[:3], strict=True)
    parts = [one * first.alpha * shares[0] + other * second.alpha * shares[1] for one, other in pairs]
    return Colour(*(part / alpha for part in parts), alpha)  # type: ignore[call-arg]


def over(colour: Colour, page: Colour) -> Colour:
    """What a colour that lets the page shine through looks like."""
    pairs = zip(colour[:3], page[:3], strict=True)
    return Colour(*(part * colour.alpha + below * (1 - colour.alpha) for part, below in pairs))


def luminance(colour: Colour) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(text: Colour, page: Colour) -> float:
    light, dark = sorted((luminance(over(text, page)), luminance(page)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


#: The colour of text and of the page: JupyterLab's themes, VS Code's, a bare page.
THEMES = {
    "Lab light": ("rgba(0,0,0,.87)", "#fff"),
    "Lab dark": ("#fff", "#111"),
    "Lab high contrast": ("#fff", "#000"),
    "VS Code light": ("#3b3b3b", "#fff"),
    "VS Code dark": ("#ccc", "#1f1f1f"),
    "bare": ("#000", "#fff"),
}
CLEAR = Colour(0, 0, 0, 0)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", [*SHARES, "quiet"])
def test_a_colour_reads_on_the_page_and_on_the_bar(name: str, theme: str) -> None:
    text, page = map(parse, THEMES[theme])
    hue, share = SHARES.get(name, ("", 0))
    colour = mix(parse(hue), share, text) if hue else mix(text, QUIET_SHARE, CLEAR)
    for below in (page, over(parse(BAR), page)):
        assert contrast(colour, below) >= 4.5


def test_what_is_black_on_white_has_the_contrast_that_it_has_by_definition() -> None:
    assert round(contrast(parse("#000"), parse("#fff")), 2) == 21
    assert round(contrast(parse("#777"), parse("#fff")), 2) == 4.48
