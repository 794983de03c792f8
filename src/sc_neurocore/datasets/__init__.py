"""Small real data sets, offline."""
