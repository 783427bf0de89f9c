from ._cost import study_seconds as study_seconds
from ._finish import Watcher as Watcher
from ._kind import Cost as Cost, Facts as Facts, Kind as Kind, Paces as Paces, Stopping as Stopping, Work as Work
from ._kinds import KINDS as KINDS
from ._load import is_surface as is_surface, load as load, read_status as read_status, read_surface as read_surface
from ._load_spec import (
    SpecSource as SpecSource,
    load_spec as load_spec,
    names_images as names_images,
    parse_spec as parse_spec,
)
from ._machine import cores as cores, machine as machine, versions as versions
from ._machines import Machines as Machines, Price as Price
from ._mirror import fetch as fetch, for_reports as for_reports, publish as publish, space as space
from ._moves import move as move, round_words as round_words
from ._opening import Opened as Opened, Opening as Opening
from ._plan import Plan as Plan, PlannedGroup as PlannedGroup, Smaller as Smaller, plan as plan
from ._planning import is_finished as is_finished, next_seconds as next_seconds
from ._presets import preset_names as preset_names
from ._quickstart import choices as choices
from ._rounds import ROUNDS as ROUNDS, Round as Round, Rounds as Rounds, read_rounds as read_rounds
from ._run import run as run
from ._scale import at_scale as at_scale, multiplied as multiplied, scale_warning as scale_warning
from ._show import spec_yaml as spec_yaml
from ._spec import Spec as Spec
from ._status import GroupStatus as GroupStatus, seconds_left as seconds_left, share_done as share_done
from ._store import (
    STUDY as STUDY,
    Description as Description,
    flat as flat,
    group_folder as group_folder,
    refuse_other_numbers as refuse_other_numbers,
    study_folder as study_folder,
    write_description as write_description,
)
from ._study import Study as Study
from .analysis import (
    AtCost as AtCost,
    Claim as Claim,
    Estimate as Estimate,
    Recommendation as Recommendation,
    Verdict as Verdict,
    recommend as recommend,
    within_reach as within_reach,
)
from .execute import (
    EXECUTORS as EXECUTORS,
    Elsewhere as Elsewhere,
    Executor as Executor,
    Job as Job,
    SlurmJob as SlurmJob,
    WorkerError as WorkerError,
    finish_groups as finish_groups,
    slurm_jobs as slurm_jobs,
)
from .gan import (
    BOUND as BOUND,
    Axis as Axis,
    Between as Between,
    Coordinates as Coordinates,
    GanComparison as GanComparison,
    GanResults as GanResults,
    Hours as Hours,
    Pair as Pair,
    Surface as Surface,
    compare_gans as compare_gans,
    coordinates as coordinates,
    hours as hours,
    power as power,
)
