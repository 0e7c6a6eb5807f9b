"""Check boxes, radio buttons and signatures: where they are, whether they are set, and their labels.

Pairs of labels and values are `models.structure.fields`' task.
"""

from models.structure.marks.part import MarkPart, MarksSeen

__all__ = ["MarkPart", "MarksSeen"]
