"""Finds tables and reads their cells, and tells which tables go on over pages.

How tables are written in a file or an answer is not decided here.
"""
