"""Searching large pages in overlapping tiles, and merging the lines that tiles share.

The passes over a whole page are one level up.
"""
