"""Makes the net that tells the script of a line: `draw` makes its training lines, `train` the net.

Neither runs in the service. `draw` needs fonts of all scripts and the names that Unicode's CLDR has for languages and
places; docs/decisions/0062-other-languages.md names both.
"""
