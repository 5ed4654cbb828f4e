"""The app's own two themes: calm grounds, one warm accent (oxidised iron), and text that reads well on each ground.

Body text has a contrast of at least 7:1 and coloured text of at least 4.5:1 on every ground that it stands on (WCAG
2.2, success criteria 1.4.6 and 1.4.3); ``tests/test_tui_app_themes.py`` measures it.
"""

from __future__ import annotations

from textual.theme import Theme

QUIET = "$foreground 70%"
"""The ink of what matters less, on every theme."""

DARK = Theme(
    name="tutor-dark",
    dark=True,
    primary="#7fa7d9",
    secondary="#79b8b0",
    accent="#e3995f",
    success="#8fbf7a",
    warning="#e2b866",
    error="#ee8079",
    foreground="#d8dbe2",
    background="#14161a",
    surface="#181b20",
    panel="#21252c",
    variables={
        "border": "#e3995f",
        "border-blurred": "#30353f",
        "block-cursor-background": "#e3995f",
        "block-cursor-foreground": "#14161a",
        "block-cursor-text-style": "bold",
        "block-hover-background": "#2a2f38",
        "input-cursor-background": "#e3995f",
        "input-cursor-foreground": "#14161a",
        "input-selection-background": "#7fa7d9 35%",
        "screen-selection-background": "#7fa7d9 35%",
        "footer-background": "#14161a",
        "footer-key-foreground": "#e3995f",
        "footer-description-foreground": "#a3a9b5",
        "scrollbar": "#343a45",
        "scrollbar-hover": "#4a5261",
        "scrollbar-active": "#e3995f",
        "scrollbar-background": "#181b20",
        "scrollbar-background-hover": "#181b20",
        "scrollbar-background-active": "#181b20",
        "scrollbar-corner-color": "#181b20",
        "link-color": "#79b8b0",
        "link-background": "#00000000",
        "link-background-hover": "#2a2f38",
        "markdown-h1-color": "#e3995f",
        "markdown-h1-background": "#00000000",
        "markdown-h1-text-style": "bold",
        "markdown-h2-color": "#e3995f",
        "markdown-h2-text-style": "bold",
        "markdown-h3-color": "#d8dbe2",
        "markdown-h3-text-style": "bold",
    },
)

LIGHT = Theme(
    name="tutor-light",
    dark=False,
    primary="#2f5f9e",
    secondary="#0f6b66",
    accent="#a4470f",
    success="#2c6e2f",
    warning="#7d5500",
    error="#b3261e",
    foreground="#2b2d33",
    background="#efece6",
    surface="#faf8f4",
    panel="#e9e5dd",
    variables={
        "border": "#a4470f",
        "border-blurred": "#d3cdc2",
        "block-cursor-background": "#a4470f",
        "block-cursor-foreground": "#fffdf9",
        "block-cursor-text-style": "bold",
        "block-hover-background": "#e2ddd3",
        "input-cursor-background": "#a4470f",
        "input-cursor-foreground": "#fffdf9",
        "input-selection-background": "#2f5f9e 25%",
        "screen-selection-background": "#2f5f9e 25%",
        "footer-background": "#efece6",
        "footer-key-foreground": "#a4470f",
        "footer-description-foreground": "#55585f",
        "scrollbar": "#cdc6ba",
        "scrollbar-hover": "#b3ab9d",
        "scrollbar-active": "#a4470f",
        "scrollbar-background": "#faf8f4",
        "scrollbar-background-hover": "#faf8f4",
        "scrollbar-background-active": "#faf8f4",
        "scrollbar-corner-color": "#faf8f4",
        "link-color": "#0f6b66",
        "link-background": "#00000000",
        "link-background-hover": "#e2ddd3",
        "markdown-h1-color": "#a4470f",
        "markdown-h1-background": "#00000000",
        "markdown-h1-text-style": "bold",
        "markdown-h2-color": "#a4470f",
        "markdown-h2-text-style": "bold",
        "markdown-h3-color": "#2b2d33",
        "markdown-h3-text-style": "bold",
    },
)

OWN = (DARK, LIGHT)
