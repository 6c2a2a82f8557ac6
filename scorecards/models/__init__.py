"""Leaderboards with what they showed, and wallboards with the addresses that open them."""

from scorecards.models.leaderboards import Leaderboard, OptOut, Place, Standing
from scorecards.models.wallboards import Wallboard, WallMessage, WallPanel, WallToken

__all__ = [
    "Leaderboard",
    "OptOut",
    "Place",
    "Standing",
    "WallMessage",
    "WallPanel",
    "WallToken",
    "Wallboard",
]
