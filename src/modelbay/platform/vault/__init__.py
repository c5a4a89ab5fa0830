"""The vault: secrets are sealed here before they are stored, and opened only for who uses them.

None of it loads `cryptography` before the first secret is sealed or opened: that takes 30 ms and 13 MB.
"""

from modelbay.platform.vault.master import MasterKey, MasterKeys
from modelbay.platform.vault.opened import Reason, Secret, SecretUnreadable
from modelbay.platform.vault.owners import Owner, Sealed
from modelbay.platform.vault.sources import MasterKeyError
from modelbay.platform.vault.vault import Sealer, Vault, VaultError

__all__ = [
    "MasterKey",
    "MasterKeyError",
    "MasterKeys",
    "Owner",
    "Reason",
    "Sealed",
    "Sealer",
    "Secret",
    "SecretUnreadable",
    "Vault",
    "VaultError",
]
