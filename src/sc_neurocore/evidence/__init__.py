"""Evidence: content-addressed records of tool runs that really happened.

Every figure shown anywhere is read from a `Record`; a record is made by
`run_cached`, kept in an `EvidenceStore`, and found again by the hash of what
went in, so a repeat is instant and says so (`Record.cached`). What must not be
changed later is sealed in a chain (`seal`, `verify_chain`).
"""

from sc_neurocore._cache import cache_dir
from sc_neurocore.evidence._chain import GENESIS, ChainError, Sealed, seal, verify_chain
from sc_neurocore.evidence._digest import (
    JSON,
    atomic_write,
    canonical_json,
    code_digest,
    digest,
)
from sc_neurocore.evidence._json import decode_json, read_bytes
from sc_neurocore.evidence._record import WORDS, Outcome, Record, Word
from sc_neurocore.evidence._store import EvidenceError, EvidenceStore, run_cached

__all__ = [
    "GENESIS",
    "JSON",
    "WORDS",
    "ChainError",
    "EvidenceError",
    "EvidenceStore",
    "Outcome",
    "Record",
    "Sealed",
    "Word",
    "atomic_write",
    "cache_dir",
    "canonical_json",
    "code_digest",
    "decode_json",
    "digest",
    "read_bytes",
    "run_cached",
    "seal",
    "verify_chain",
]
