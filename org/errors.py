"""The one kind of refusal: a sentence that says what is wrong, where, and what to do."""

from __future__ import annotations


class DomainError(Exception):
    """Something that cannot be done, said in words for the person who asked.

    ``problems`` holds further sentences where one request has several things wrong with it.
    """

    def __init__(self, sentence: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join([self.sentence, *(f"  - {problem}" for problem in self.problems)])
