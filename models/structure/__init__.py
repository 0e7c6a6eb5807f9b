"""What a page is made of: its regions, tables, fields, marks and codes, beside its lines.

Finding and reading the lines is not here: structure refers to lines and words by their index, and changes none.
"""
