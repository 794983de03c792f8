"""From a trained network to a verified classifier: the ladder of `sc-neurocore build NET.nir`."""
