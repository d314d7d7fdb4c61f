"""`python -m PACKAGE` is the same program as the console script."""

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
