"""Shapes, hexagons and estimation: pure functions over arrays, with no clock, network, database or environment.

Only this package speaks h3, shapely and geopandas. It may read a geometry file from a path that it is given.
"""
