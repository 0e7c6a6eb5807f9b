"""The settings: the tree of their classes, the sources of their values, and the decisions that they make at start.

Each stage's own sections are beside the stages, in `deployments.settings`.
"""
