"""What tables are read from: the level frame of a page, its rules, rows of words, and the columns of their gaps.

What is a table is not decided here.
"""
