"""Making the int8 recipes of model bundles: which convolutions run on 8-bit integers, and their ranges.

A developer runs it (`python -m tools.int8 BUNDLE`). The service applies recipes in `models.runtime.int8` as it loads.
"""
