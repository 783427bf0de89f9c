from ._claims import CLAIMS as CLAIMS
