"""Decodes one page of a picture file to upright RGB, within limits that are checked against its header.

The layout of file formats is in `formats`; PDFs are in `pdf`.
"""
