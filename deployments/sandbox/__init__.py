"""The child process in which native parsers work on hostile files: its start, wall, bounds and messages.

The work itself is not here: each caller names a `Task` of its own, the only other code that the child loads.
"""
