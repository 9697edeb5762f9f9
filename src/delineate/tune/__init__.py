"""The search for a method's settings on training cases, with a simulated user.

Wang et al., IEEE TMI 2018, section IV-A, find BIFSeg's by a grid search on their training data.
"""
