"""A child process in which native parsers work on hostile files: how it is started, bounded and talked to.

The work itself is not here: each caller names a `Task` of its own. The child loads nothing but this room and that task.
"""
