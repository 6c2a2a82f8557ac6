#!/usr/bin/env python3
"""Django's command line. `bin/manage` runs it with the environment and the services it needs."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmsite.settings")
    from django.core.exceptions import ImproperlyConfigured  # Django needs the variable above
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except OperationalError as error:
        if "connection failed" not in str(error):
            raise
        sys.exit(f"The database cannot be reached; look at its address in DATABASE_URL. {error}")


if __name__ == "__main__":
    main()
