"""Images made from nothing, that teach a network to find the thing in a box whatever it is.

Regions of random shape are painted on top of each other, get intensities and textures drawn at
random, and are spoilt as scanners spoil images; so no look can be learnt by heart. After SynthSeg
(Billot et al., Medical Image Analysis 2023), which paints label maps of one organ; here most of
the shapes are made from nothing too.
"""
