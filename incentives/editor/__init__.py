"""The plan editor: a draft as an outline, each part on a page of its own, judged as it is typed.

``parts`` knows the sections of a version, ``save`` its verbs, ``trial`` reads what is typed without
saving it, ``worked`` has the engine work it out for one person and undoes that, ``pasted`` reads
tables of spreadsheets, ``picture`` draws what feeds what, ``used`` says who reads a thing, and
``forward`` copies a plan year (docs/adr/0175).
"""
