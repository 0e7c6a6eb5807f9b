"""`python -m serve.cli`: the command line where rayocr is not installed."""

from serve.cli import main

if __name__ == "__main__":
    main()
