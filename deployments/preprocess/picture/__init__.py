"""Decoding one page of a picture file to upright RGB, within limits that its header is checked against.

The layout of file formats is in `formats`; PDFs are in `pdf`.
"""
