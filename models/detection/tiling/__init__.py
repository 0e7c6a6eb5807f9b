"""Searches large pages in overlapping tiles, and merges the lines that are split across tiles.

The passes over a whole page are one level up.
"""
