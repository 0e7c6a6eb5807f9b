"""The file formats of pictures: how to recognize each, find its pages, and read its headers.

Limits and the conversion to RGB are not here, but in `picture`.
"""
