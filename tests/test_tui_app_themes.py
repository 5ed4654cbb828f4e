"""The two themes of our own can be read: contrast as WCAG 2.2 defines it."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from tui.themes import OWN


def luminance(colour: Color) -> float:
    """Relative luminance ("relative luminance" in WCAG 2.2)."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", OWN, ids=lambda theme: theme.name)
def test_text_stands_out_from_every_ground(theme: Theme) -> None:
    colours = theme.to_color_system().generate()
    for name in ("background", "surface", "panel"):
        ground = Color.parse(colours[name])
        body = Color.parse(colours["foreground"])
        assert contrast(body, ground) >= 7, f"text on {name}"
        quiet = ground.blend(body, 0.70)  # tui.themes.QUIET
        assert contrast(quiet, ground) >= 4.5, f"quiet text on {name}"
        for ink in ("text-accent", "text-success", "text-warning", "text-error", "text-primary", "text-secondary"):
            assert contrast(Color.parse(colours[ink]), ground) >= 4.5, f"{ink} on {name}"


@pytest.mark.parametrize("theme", OWN, ids=lambda theme: theme.name)
def test_the_cursor_can_be_seen(theme: Theme) -> None:
    colours = theme.to_color_system().generate()
    cursor = Color.parse(colours["input-cursor-background"])
    assert contrast(cursor, Color.parse(colours["panel"])) >= 3
    assert contrast(cursor, Color.parse(colours["input-cursor-foreground"])) >= 4.5
