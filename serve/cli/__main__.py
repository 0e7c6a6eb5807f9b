"""`python -m serve.cli` is the command line if rayocr is not installed."""

from serve.cli import main

if __name__ == "__main__":
    main()
