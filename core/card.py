"""The model card: what whoever trained a model says of it, in words."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from .facts import Label, Strict

NOT_STATED = "not stated"

Words = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\p{Cc}\p{Zl}\p{Zp}]+$")]
"""A paragraph: nothing in it moves the cursor."""


class TrainingSet(Strict):
    """Pictures or clips that a model learned from."""

    name: Label
    """As its folder is called in `data.train`."""
    licence: Words = NOT_STATED
    """On what terms they may be used, and who says so."""


class Card(Strict):
    """The `[card]` of a recipe."""

    intended_use: Words = NOT_STATED
    not_for: Words = NOT_STATED
    limits: Words = NOT_STATED
    """Where it is known to do badly."""
    data: list[TrainingSet] = Field(default_factory=list, max_length=50)

    def licence(self, name: str) -> str:
        """That of one training set."""
        return next((one.licence for one in self.data if one.name == name), NOT_STATED)
