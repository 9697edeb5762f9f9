"""Energies on the voxel grid: pure functions of arrays and spacing."""
