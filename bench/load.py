"""Loads the bench's tenant, or makes all of it stale again, in a process of its own.

python -m bench.load PEOPLE         prints the world as JSON
python -m bench.load stale WORLD
"""

from __future__ import annotations

import json
import sys

import django


def main() -> None:
    """Do what the arguments say."""
    django.setup()
    from bench import population  # models can be imported only after the set-up
    from bench.world import World

    if sys.argv[1] == "stale":
        population.make_stale(World(**json.loads(sys.argv[2])))
        print("stale")
        return
    print(population.load(int(sys.argv[1])).write())


if __name__ == "__main__":
    main()
