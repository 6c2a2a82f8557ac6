#!/usr/bin/env python3
"""Django's command line. `bin/manage` runs it with the environment and the services it needs."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmsite.settings")
    from django.core.management import execute_from_command_line  # needs the variable above

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
