"""The file formats of pictures: how each is recognized, where its pages lie, and what its headers say.

No pixel is decoded here: that is `deployments.preprocess.picture`.
"""
