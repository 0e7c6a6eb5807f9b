"""Finds pairs of labels and values on a page, and the values that a template asks for.

Which regions and tables a page has is not told here, nor is the state of its check boxes.
"""
