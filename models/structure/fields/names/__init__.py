"""Gives fields their well-known names, such as `total` and `date`, in several languages.

Labels tell them, and for sellers, buyers and sums, the place on the page. Pairs are found elsewhere.
"""
