"""What a change would do to pay, for everybody it touches: the engine before it and after it.

:mod:`~incentives.effect.working` makes the change in a transaction that is rolled back and leaves
two tables for as long as it lasts; the other modules read them: who, where, how much, and why.
"""
