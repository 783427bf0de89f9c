from ._evaluate import Evaluation as Evaluation, evaluate as evaluate
from ._features import SPACES as SPACES, canonical as canonical, feature_space as feature_space
from ._gaussian import GaussianFit as GaussianFit, fit_gaussian as fit_gaussian
from ._label import frechet_label as frechet_label
from ._metric import (
    SIDES as SIDES,
    Column as Column,
    Estimate as Estimate,
    Metric as Metric,
    Setting as Setting,
    Side as Side,
    each_side as each_side,
)
from ._reference import (
    MEND as MEND,
    NEIGHBOURS as NEIGHBOURS,
    Reference as Reference,
    check_metrics as check_metrics,
    too_few as too_few,
)
from ._registry import (
    METRICS as METRICS,
    MetricName as MetricName,
    current_row as current_row,
)
from ._sample import Progress as Progress, Sample as Sample, fingerprint as fingerprint, no_progress as no_progress
from .distances._frechet import (
    frechet_distance as frechet_distance,
    gaussian_distance as gaussian_distance,
)
from .distances._frechet_gap import frechet_gap as frechet_gap
from .distances._frechet_infinity import frechet_infinity as frechet_infinity
from .distances._frechet_population import frechet_population as frechet_population
from .distances._kernel import kernel_distance as kernel_distance
from .distances._memorization import (
    DataCopying as DataCopying,
    MemorizedShare as MemorizedShare,
    data_copying as data_copying,
    memorized_share as memorized_share,
)
from .distances._neighbours import nearest_neighbours as nearest_neighbours
from .distances._prdc import PRDC as PRDC, Manifold as Manifold, fit_manifold as fit_manifold, prdc as prdc
from .nnd._config import NNDConfig as NNDConfig
from .nnd._divergence import (
    CRITIC as CRITIC,
    NND as NND,
    NNDStopped as NNDStopped,
    neural_net_divergence as neural_net_divergence,
)
from .spaces._space import FeatureSpace as FeatureSpace, Precision as Precision, Space as Space, Wanted as Wanted
