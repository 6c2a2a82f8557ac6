"""Leaderboards, wallboards with the addresses that open them, and what people saw last."""

from scorecards.models.leaderboards import Leaderboard, OptOut, Place, Standing
from scorecards.models.seen import SeenStatement
from scorecards.models.wallboards import Wallboard, WallMessage, WallPanel, WallToken

__all__ = [
    "Leaderboard",
    "OptOut",
    "Place",
    "SeenStatement",
    "Standing",
    "WallMessage",
    "WallPanel",
    "WallToken",
    "Wallboard",
]
