"""Layout: it parts a page into regions, such as titles, paragraphs and tables, in the order in which they are read.

The cells of a table and the pairs of a form are not found here; other parts of the structure do that.
"""

from models.structure.layout.net import LayoutDecoding
from models.structure.layout.part import LayoutPart

__all__ = ["LayoutDecoding", "LayoutPart"]
