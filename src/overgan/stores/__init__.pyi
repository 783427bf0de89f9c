from ._address import (
    ADDRESS as ADDRESS,
    address_of as address_of,
    is_address as is_address,
    local as local,
    mirror_of as mirror_of,
    naming_addresses as naming_addresses,
    shown as shown,
)
from ._lease import Lease as Lease, LeaseLostError as LeaseLostError
from ._remote import Remote as Remote, UnreachableError as UnreachableError
from ._sync import Part as Part
