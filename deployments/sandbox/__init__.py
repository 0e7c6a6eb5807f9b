"""The child process in which native parsers work on hostile files: its start, its bounds and its messages.

The work itself is not here: each caller names a `Task` of its own, the only other code that the child loads.
"""
