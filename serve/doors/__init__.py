"""Doors: the protocols of other services, translated to and from reading, jobs and limits of this one.

Each door is a file or a folder beside `base.py`, and a row in `registry.py`. It reads nothing by itself: `documents.py`
reads for all of them.
"""
