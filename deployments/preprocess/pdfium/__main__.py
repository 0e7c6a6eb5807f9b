"""Starts the child process: `python -m deployments.preprocess.pdfium FD`, with the number of its end of the socket."""

from deployments.preprocess.pdfium.worker import main

if __name__ == "__main__":
    main()
