"""Reading a document: what may be asked of it, its pages in order, and what becomes of those that fail.

How one page is read is an argument of the loop. What a result looks like is in `serve.results`, other formats in
`serve.exports`.
"""
