"""Training: data, losses and one loop for all networks; a recipe is a function, `recipes/`.

Needs the extra `train` (Lightning Fabric) in `loop` alone; nothing here that a machine with a GPU
runs needs a reader of images, since real cases are packed into arrays beforehand (`packing`).
"""
