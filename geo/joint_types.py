"""The values that go into the joint estimate and come out of it; no computation.

People are persons present, arrays are in the order of the layout's hexagons (H,), of the venues (V,), or of a
carrier's source areas (A,). Relative numbers are standard deviations over the expected value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from scipy import sparse

from geo.hexagons import Floats
from geo.spreading import HexagonEstimate


@dataclass(frozen=True, slots=True)
class CarrierErrors:
    """Relative errors of one coverage: of each count as told by connection probabilities, and of the share.

    `clumped_error`: the part of the model error that neighbouring source areas (some 600 m) have in common.
    """

    model_error: float = 0.35
    share_error: float = 0.1
    clumped_error: float = 0.15


@dataclass(frozen=True, slots=True)
class Shape:
    """Prior of the background's logarithm around its trend: sd `cv` of a part with correlation exp(-d / length).

    `nugget_cv`: sd of each hexagon alone.
    """

    length_m: float = 1500.0
    cv: float = 1.0
    nugget_cv: float = 0.3


@dataclass(frozen=True, slots=True)
class Innovation:
    """How a bin differs from its history: sd of the logarithm of people (correlated, and of each hexagon alone).

    `drift`: relative sd by which a source area's own error wanders; `share_error`: by which the share does.
    """

    length_m: float = 1500.0
    cv: float = 0.15
    nugget_cv: float = 0.25
    drift: float = 0.04
    share_error: float = 0.04


@dataclass(frozen=True, slots=True)
class Theta:
    """Everything that is learnt from counts. `carriers`: one for each of the layout's weights; () takes the default.

    `interval_factor` multiplies the standard deviations of hexagons; venues have head counts for that.
    """

    shape: Shape = Shape()
    carriers: tuple[CarrierErrors, ...] = ()
    share_length_m: float = 3000.0
    interval_factor: float = 1.0
    innovation: Innovation = Innovation()

    def errors(self, number: int) -> CarrierErrors:
        """Return the errors of the layout's weights of a number; the default where none were learnt."""
        return self.carriers[number] if number < len(self.carriers) else CarrierErrors()


DEFAULT_THETA = Theta()


@dataclass(frozen=True, slots=True, eq=False)
class VenuePrior:
    """Registered venues before any count: `membership` (V, H), rows sum to 1 where the venue lies in hexagons.

    `mean` and `sd` (V,) people expected now; `ceiling` (V,) the most that fit, NaN where unknown; `usual_sd` (V,) of
    what is usual in such an hour of the week, None where it is as `sd`. `outlines` (V,) of shapely: where radio cells
    of the venue's own may stand; None where nothing is known of them.
    """

    membership: sparse.csr_array
    mean: Floats
    sd: Floats
    ceiling: Floats
    usual_sd: Floats | None = None
    outlines: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The same hour of the week before: what is usual, and what the carriers counted then.

    `usual_counts`: for each of the bin's CarrierCounts the robust centre (A,) of the same source area's counts in the
    same past bins, NaN where not delivered: what is usual is estimated from these, so a carrier that is missing now
    but was there belongs among the bin's CarrierCounts, with nothing delivered. `mean` (H,): robust centre of the
    plain means of the past bins, NaN where there were none: it stands in where most areas have no past (another
    coverage then). `bins`: how many past bins the centre is of.
    """

    mean: Floats
    usual_counts: Sequence[Floats]
    bins: int = 4


@dataclass(frozen=True, slots=True, eq=False)
class VenueEstimate:
    """People in registered venues, all (V,) but `rivals`; NaN where no area that delivered sees the venue.

    `kernel` 0..1: of a person more in the venue, how much its estimate finds. `area_mean`, `area_sd`: people of all
    hexagons that the venue touches. `own_probability`: that the venue holds more than half of these. `reach` 0..1:
    share of its hexagons' cover that delivered. `rivals` (V, V): correlation of the errors of venues whose hexagons
    lie close; negative where people of one may be people of the other. `background_rival` (V,): the same between the
    venue and the people of its hexagons who are in no registered venue.
    """

    mean: Floats
    sd: Floats
    low: Floats
    high: Floats
    kernel: Floats
    area_mean: Floats
    area_sd: Floats
    own_probability: Floats
    reach: Floats
    rivals: sparse.csr_array
    background_rival: Floats


@dataclass(frozen=True, slots=True)
class CarrierResidual:
    """What one CarrierCounts delivered against what the estimate predicts for the same areas.

    `delivered` and `predicted` are sums over the `areas` that have a number, in the carrier's units;
    `share_factor`: how its share differs from the one registered, with its sd; `suppressed`: areas that entered as
    censored; `left_out`: it contradicted all others and was not believed.
    """

    delivered: float
    predicted: float
    areas: int
    suppressed: int
    share_factor: float
    share_factor_sd: float
    left_out: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class JointEstimate:
    """Hexagons (background and venues together) and venues of one time bin.

    `sd` (H,): of the people in a hexagon, NaN where missing. `background` (H,): people in no registered venue.
    `residuals`: one for each CarrierCounts, in their order.
    """

    hexagons: HexagonEstimate
    sd: Floats
    background: Floats
    venues: VenueEstimate
    residuals: tuple[CarrierResidual, ...]
