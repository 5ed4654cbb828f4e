"""Rules for errors about how long borrows live."""

from __future__ import annotations
