"""A simulator of Almaty that knows the truth: for the demo, and as the benchmark of accuracy.

Its radio world is on purpose not the estimator's. See `build_city`.
"""

from ingest.city.city import City, build_city
from ingest.city.geography import base_map
from ingest.city.scenes import Scene
from ingest.city.truth import Truth
from ingest.city.venues import Venue

__all__ = ["City", "Scene", "Truth", "Venue", "base_map", "build_city"]
