"""Bar codes and codes of squares: where they are, and what they say.

Whether a line of text is a code's bars is told here too; leaving such lines out is the exports' task.
"""

from models.structure.codes.part import CodePart, CodesSeen

__all__ = ["CodePart", "CodesSeen"]
