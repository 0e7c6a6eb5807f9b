"""Everything that reaches into Ray's private names, with its Ray version, its reason and what breaks without it.

Nothing else of rayocr may import `ray.*._private` or `ray.data._internal`; one contract test names what moved.
"""
