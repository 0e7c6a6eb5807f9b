"""The settings: their classes, where their values come from, and what follows from them at start.

Each stage's own sections are beside the stages, in `deployments.settings`.
"""
