"""Measures, statistics and the protocol that compare methods on labelled images."""
