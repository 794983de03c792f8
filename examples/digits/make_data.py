"""Write the digits data set that SC-NeuroCore ships, from scikit-learn's copy of it.

The 1797 scans of 8×8 pixels with levels 0 to 16 are the test part of "Optical Recognition of
Handwritten Digits" (E. Alpaydin and C. Kaynak, 1998, UCI Machine Learning Repository,
doi:10.24432/C50P49, licence CC BY 4.0). One third of every class, drawn with a fixed seed, is the
test split.

    python examples/digits/make_data.py [FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

SEED = 1998
HERE = Path(__file__).resolve().parent
DEFAULT = HERE.parents[1] / "src" / "sc_neurocore" / "datasets" / "digits.npz"


def main(path: Path) -> None:
    """Split the scans and write ``path``."""
    from sklearn.datasets import load_digits

    scans = load_digits()
    x, y = scans.data.astype(np.uint8), scans.target.astype(np.uint8)
    rng = np.random.default_rng(SEED)
    test = np.zeros(len(y), bool)
    for digit in range(10):
        members = rng.permutation(np.flatnonzero(y == digit))
        test[members[: round(len(members) / 3)]] = True
    np.savez_compressed(
        path, train_x=x[~test], train_y=y[~test], x=x[test], y=y[test], bits=np.uint8(4)
    )
    print(f"{path}: {np.sum(~test)} scans for training, {np.sum(test)} for testing")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT)
