from ._certify import certify as certify, jacobian_norms as jacobian_norms
from ._claims import check_claims as check_claims
from ._conditions import Claim as Claim, Condition as Condition
from ._linearize import (
    Linearization as Linearization,
    StepSizes as StepSizes,
    best_step_sizes as best_step_sizes,
    linearize as linearize,
)
from ._load import load_deep_problem as load_deep_problem, load_problem as load_problem
from ._optimal import OptimalCertificate as OptimalCertificate
from ._problem import Draw as Draw, Engine as Engine, Method as Method, Problem as Problem, default_eta as default_eta
from ._simulate import Trajectory as Trajectory, simulate as simulate
from ._theorem import Certificate as Certificate
from ._widths import simulation_width as simulation_width, theory_width as theory_width
from .deep._ball import BallEstimate as BallEstimate, ball_estimate as ball_estimate
from .deep._gan import DeepFeatureGAN as DeepFeatureGAN
from .shallow._ball import BallBound as BallBound, ball_bound as ball_bound, norm_bound as norm_bound
from .shallow._constants import PaperConstants as PaperConstants, paper_constants as paper_constants
from .shallow._gan import ShallowGAN as ShallowGAN, Target as Target, paired as paired
from .shallow._geometry import (
    generated_mean as generated_mean,
    jacobian_gram as jacobian_gram,
    mean_gradients as mean_gradients,
    population_mean as population_mean,
)
from .shallow._lemmas import Lemma as Lemma, lemmas as lemmas
from .shallow._optimum import global_optimum as global_optimum
