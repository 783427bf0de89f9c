from ._balance import surface_claim as surface_claim
from ._claims import CLAIMS as CLAIMS
