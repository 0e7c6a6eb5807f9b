"""`python -m serve.bulk`: what `rayocr bulk` does, for `ray job submit`."""

import sys

from serve.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["bulk"]
    main()
